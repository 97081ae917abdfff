later:
  test.succeed_with_changes:
    - prereq_in: [{test: first}]
first:
  test.succeed_with_changes
