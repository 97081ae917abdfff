x:
  test.succeed_without_changes
y:
  test.succeed_with_changes
first:
  test.nop:
    - prereq: [{test: x}, {test: y}]
