a:
  test.nop:
    - require: [{test: b}]
b:
  test.nop:
    - name: bname
    - watch: [{test: c}]
c:
  test.nop:
    - require: [{test: a}]
d:
  test.nop: []
