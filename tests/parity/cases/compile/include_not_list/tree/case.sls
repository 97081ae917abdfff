include: other
here:
  test.nop
