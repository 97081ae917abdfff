pair_a:
  test.succeed_with_changes:
    - comment: plain
pair_b:
  test.nop:
    - require:
      - test: pair_a
