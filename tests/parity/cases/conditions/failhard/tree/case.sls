one:
  test.succeed_with_changes
two:
  test.fail_without_changes:
    - failhard: True
three:
  test.succeed_with_changes
