later:
  test.succeed_with_changes
first:
  test.succeed_with_changes:
    - prereq:
      - test: later
