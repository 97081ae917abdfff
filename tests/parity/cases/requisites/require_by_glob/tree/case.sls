web-1:
  test.succeed_with_changes
web-2:
  test.fail_without_changes
after:
  test.nop:
    - require:
      - test: "web-*"
