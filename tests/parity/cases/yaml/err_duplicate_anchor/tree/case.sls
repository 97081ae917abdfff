a:
  test.nop:
    - x: &a 1
    - y: &a 2
