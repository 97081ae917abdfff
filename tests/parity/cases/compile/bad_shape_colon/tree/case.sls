null_args:
  test.nop:
