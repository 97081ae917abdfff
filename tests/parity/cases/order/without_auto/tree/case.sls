c: test.nop
a: test.nop
b:
  test.nop:
    - order: 1
d:
  test.nop:
    - order: last
