include:
  - missing_includes
web:
  test.nop: []
