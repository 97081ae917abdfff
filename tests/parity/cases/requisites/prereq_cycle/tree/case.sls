a:
  test.nop:
    - require: [{test: b}]
b:
  test.nop:
    - prereq: [{test: a}]
    - require: [{test: a}]
