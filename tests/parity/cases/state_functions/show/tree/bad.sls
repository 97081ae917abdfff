bad:
  test.nop:
