a:
  test.nop: [
b:
