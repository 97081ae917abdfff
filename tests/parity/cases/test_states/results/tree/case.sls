nop:
  test.nop
none:
  test.none
succeed:
  test.succeed_without_changes
changes:
  test.succeed_with_changes
fail:
  test.fail_without_changes
fail_changes:
  test.fail_with_changes
note:
  test.show_notification:
    - text: a notification
configurable:
  test.configurable_test_state:
    - changes: True
    - result: False
    - comment: my own words
with_warning:
  test.configurable_test_state:
    - changes: False
    - result: True
    - comment: ""
    - warnings: take care
with_comment:
  test.succeed_with_changes:
    - comment: said so
