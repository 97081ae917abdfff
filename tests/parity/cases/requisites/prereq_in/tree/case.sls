before:
  cmd.run:
    - name: echo before
changes:
  test.succeed_with_changes:
    - prereq_in:
      - cmd: before
