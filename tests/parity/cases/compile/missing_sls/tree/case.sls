here:
  test.nop
