source:
  test.succeed_with_changes:
    - watch_in:
      - cmd: reacts
reacts:
  cmd.wait:
    - name: echo reacted
