x:
  test.succeed_with_changes: []
