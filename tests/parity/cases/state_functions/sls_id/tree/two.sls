c:
  test.succeed_with_changes:
    - require_in: [d]
d:
  test.nop: []
