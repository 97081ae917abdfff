web:
  test.suceed_with_changes: []
