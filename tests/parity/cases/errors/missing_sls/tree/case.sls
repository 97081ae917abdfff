a:
  test.nop:
    - require: [{sls: nowhere}]
