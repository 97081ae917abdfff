quiet:
  test.succeed_without_changes
source:
  test.succeed_with_changes
reacts:
  cmd.wait:
    - name: echo reacted
    - watch_any:
      - test: quiet
      - test: source
