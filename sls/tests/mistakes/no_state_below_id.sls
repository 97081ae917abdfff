web:
db:
  test.nop: []
