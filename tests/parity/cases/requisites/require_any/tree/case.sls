broken:
  test.fail_without_changes
fine:
  test.succeed_without_changes
either:
  test.nop:
    - require_any:
      - test: broken
      - test: fine
