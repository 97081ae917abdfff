a:
  test.nop:
    - name: b: c
b:
  test.nop: []
