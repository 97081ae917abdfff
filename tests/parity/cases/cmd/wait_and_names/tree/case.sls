waits:
  cmd.wait:
    - names:
      - echo one
      - echo two
    - watch:
      - test: change
change:
  test.succeed_with_changes
