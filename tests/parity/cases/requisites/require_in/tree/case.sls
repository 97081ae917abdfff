late:
  test.nop
early:
  test.succeed_with_changes:
    - require_in:
      - test: late
      - test: later
later:
  test.nop
