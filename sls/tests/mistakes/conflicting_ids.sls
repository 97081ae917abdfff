include:
  - lib.web
web:
  test.succeed_with_changes: []
