before:
  test.fail_without_changes:
    - prereq:
      - test: changes
changes:
  test.succeed_with_changes
