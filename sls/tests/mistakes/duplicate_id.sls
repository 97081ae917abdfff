web:
  test.nop: []
db:
  test.nop: []
web:
  test.succeed_with_changes: []
