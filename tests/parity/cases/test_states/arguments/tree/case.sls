nop_says_the_same:
  test.nop:
    - comment: not said
comment:
  test.succeed_with_changes:
    - comment: said
fail_comment:
  test.fail_without_changes:
    - comment: said
fail_changes_comment:
  test.fail_with_changes:
    - comment: said
warned:
  test.configurable_test_state:
    - changes: False
    - result: True
    - warnings: careful
warned_often:
  test.configurable_test_state:
    - warnings: [one, two]
