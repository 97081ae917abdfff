source:
  test.succeed_with_changes
quiet:
  test.succeed_without_changes
reacts:
  cmd.wait:
    - name: echo reacted
    - watch:
      - test: source
rests:
  cmd.wait:
    - name: echo not this
    - watch:
      - test: quiet
both:
  cmd.run:
    - name: echo ran
    - watch:
      - test: source
