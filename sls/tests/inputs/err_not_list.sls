a:
  test.nop:
    name: b
b:
  test.nop:
c:
  test: nop
