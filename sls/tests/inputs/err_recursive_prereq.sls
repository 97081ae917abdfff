a:
  test.nop:
    - prereq: [{test: b}]
b:
  test.nop:
    - require: [{test: c}]
c:
  test.nop:
    - require: [{test: a}]
    - prereq: [{test: a}]
