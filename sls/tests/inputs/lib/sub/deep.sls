include:
  - .
  - ..pair
deep_own:
  test.nop: []
