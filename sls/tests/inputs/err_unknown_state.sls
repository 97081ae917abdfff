a:
  foo.bar: []
b:
  test.nope: []
c:
  test.nop:
    - require: [{foo: a}]
d:
  test.nop:
    - umask: 9
e:
  test.nop:
    - names: [1, two]
