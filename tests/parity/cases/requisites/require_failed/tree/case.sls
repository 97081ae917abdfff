broken:
  test.fail_without_changes
needs_it:
  test.succeed_with_changes:
    - require:
      - test: broken
needs_that:
  test.succeed_with_changes:
    - require:
      - test: needs_it
