later:
  test.succeed_without_changes
first:
  test.succeed_with_changes:
    - prereq:
      - test: later
