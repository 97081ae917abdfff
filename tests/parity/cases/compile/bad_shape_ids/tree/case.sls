5:
  test.nop
true:
  test.nop
