include:
  - one
  - two
mine:
  test.nop
