several:
  test.nop:
    - names:
      - one
      - two
      - three
after:
  test.nop:
    - require:
      - test: several
after_one:
  test.nop:
    - require:
      - test: two
