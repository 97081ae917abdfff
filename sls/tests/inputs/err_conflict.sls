include:
  - lib.conflict
same:
  test.succeed_with_changes: []
