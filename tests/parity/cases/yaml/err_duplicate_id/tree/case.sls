a:
  test.nop: []
b:
  test.nop: []
a:
  cmd.run: []
