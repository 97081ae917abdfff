include:
  - other
one:
  test.succeed_with_changes:
    - order: 3
    - require:
      - test: two
two:
  cmd.run:
    - names:
      - echo a
      - echo b
  test.nop: []
