include: lib.pair
a:
  test.nop: []
