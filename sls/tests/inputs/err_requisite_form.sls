a:
  test.nop:
    - require: b
b:
  test.nop:
    - require:
      - 5
c:
  test.nop:
    - watch:
      - [x]
d:
  test.nop:
    - require:
      - test.nop: a
e:
  test.nop:
    - require:
      - test: [a]
    - names: foo
f:
  test.nop:
    - require: []
      watch: []
