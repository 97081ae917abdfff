include:
  - .pair
also:
  test.nop: []
