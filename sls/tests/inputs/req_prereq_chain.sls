a:
  test.succeed_with_changes:
    - prereq:
      - test: b
b:
  test.succeed_with_changes:
    - prereq:
      - test: c
c:
  test.succeed_with_changes:
    - require:
      - test: d
d:
  test.succeed_with_changes: []
e:
  test.succeed_without_changes:
    - watch:
      - test: c
