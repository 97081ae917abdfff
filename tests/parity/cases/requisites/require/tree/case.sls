last:
  test.succeed_with_changes:
    - require:
      - test: first
first:
  test.nop
