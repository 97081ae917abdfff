before:
  cmd.run:
    - name: echo before
    - prereq:
      - test: changes
not_before:
  cmd.run:
    - name: echo not
    - prereq:
      - test: quiet
changes:
  test.succeed_with_changes
quiet:
  test.succeed_without_changes
