bad:
  test.nop:
    - require: x
