include:
  - lib.nope
a:
  test.nop: []
