include:
  - ..config
leaf:
  test.nop
