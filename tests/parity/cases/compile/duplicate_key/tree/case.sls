same:
  test.nop
other:
  test.nop
same:
  test.nop
