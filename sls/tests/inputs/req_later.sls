c:
  test.nop:
    - require: [{test: a}]
b:
  test.nop: []
a:
  test.nop: []
