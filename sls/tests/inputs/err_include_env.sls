include:
  - dev: lib.pair
a:
  test.nop: []
