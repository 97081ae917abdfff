first:
  test.nop:
    - order: first
    - require:
      - test: late
late:
  test.nop:
    - order: last
middle:
  test.nop: []
other:
  test.nop:
    - order: 5
    - require:
      - test: middle
