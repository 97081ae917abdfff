a:
  test.nop:
b:
  test:
    - name: x
c:
  test.nop:
    - require: x
