a:
  test.nop:
    - d: {1: a, 1.0: b}
