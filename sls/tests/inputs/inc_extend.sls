include:
  - lib.pair
extend:
  pair_a:
    test:
      - comment: extended
      - require:
        - test: new
  pair_b:
    test.succeed_with_changes:
      - name: renamed
new:
  test.nop: []
