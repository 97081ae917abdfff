a:
  test.nop:
    - names: [x, x, y]
    - names: [z, x]
