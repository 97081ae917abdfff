target:
  test.succeed_with_changes: []
before:
  test.succeed_with_changes:
    - prereq:
      - test: target
target2:
  test.succeed_without_changes: []
before2:
  test.succeed_with_changes:
    - prereq:
      - test: target2
target3:
  test.succeed_with_changes: []
before3:
  test.fail_without_changes:
    - prereq:
      - test: target3
