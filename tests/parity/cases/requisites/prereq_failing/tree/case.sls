later:
  test.succeed_with_changes
first:
  test.fail_without_changes:
    - prereq:
      - test: later
after:
  test.nop:
    - require: [{test: later}]
