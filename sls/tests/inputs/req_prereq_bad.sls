bad:
  test.fail_with_changes: []
a:
  test.succeed_with_changes:
    - prereq:
      - test: bad
b:
  test.nop:
    - require:
      - test: a
