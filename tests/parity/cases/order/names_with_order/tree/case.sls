a:
  test.nop:
    - names: [z, y, x]
    - order: 3
b:
  test.nop:
    - order: 3
