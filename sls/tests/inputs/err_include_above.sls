include:
  - ..pair
a:
  test.nop: []
