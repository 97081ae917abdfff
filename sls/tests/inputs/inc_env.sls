include:
  - base: lib.pair
y:
  test.nop: []
