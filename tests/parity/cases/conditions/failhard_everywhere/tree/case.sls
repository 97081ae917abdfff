one:
  test.fail_without_changes
two:
  test.succeed_with_changes
