one:
  test.nop:
    - require:
      - test: two
two:
  test.nop:
    - require:
      - test: three
three:
  test.nop:
    - require:
      - test: one
