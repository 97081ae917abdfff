a:
  test.nop:
    - order: last
b:
  test.nop: []
c:
  test.nop:
    - order: 1
d:
  test.nop:
    - order: first
e:
  test.nop:
    - order: -1
f:
  test.nop:
    - order: 20000
g:
  test.nop:
    - order: -10
h:
  test.nop:
    - order: foo
i:
  test.nop:
    - names: [z, y, x]
    - order: 3
