of_two:
  test.nop
