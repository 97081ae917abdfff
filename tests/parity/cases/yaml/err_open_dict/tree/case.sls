a:
  test.nop:
    - x: {a: 1
b:
  test.nop: []
