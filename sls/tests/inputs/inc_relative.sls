include:
  - lib
last:
  test.nop: []
