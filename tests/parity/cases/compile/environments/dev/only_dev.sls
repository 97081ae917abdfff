only:
  test.nop
