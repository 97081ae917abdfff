include:
  - two
of_one:
  test.nop
