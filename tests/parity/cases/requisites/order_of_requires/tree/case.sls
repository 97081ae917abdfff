d:
  test.nop:
    - require:
      - test: b
      - test: c
c:
  test.nop:
    - require:
      - test: a
b:
  test.nop:
    - require:
      - test: c
a:
  test.nop
