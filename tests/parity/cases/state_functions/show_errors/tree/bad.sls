x:
  test.nop:
    - require: y
z: {test.nop: }
