broken:
  test.fail_without_changes
broken_too:
  test.fail_with_changes
neither:
  test.nop:
    - require_any:
      - test: broken
      - test: broken_too
