one:
  test.succeed_with_changes: []
two:
  test.nop:
    - require:
      - test: one
three:
  test.nop:
    - require:
      - one
      - test: two
bad:
  test.fail_without_changes: []
after_bad:
  test.nop:
    - require:
      - test: bad
after_after:
  test.nop:
    - require:
      - after_bad
