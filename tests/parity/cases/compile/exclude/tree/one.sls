me:
  test.nop
not_me:
  test.nop
