broken:
  test.fail_with_changes
reacts:
  cmd.wait:
    - name: echo reacted
    - watch:
      - test: broken
