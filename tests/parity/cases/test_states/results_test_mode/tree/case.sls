nop:
  test.nop
succeed:
  test.succeed_without_changes
changes:
  test.succeed_with_changes
fail:
  test.fail_without_changes
fail_changes:
  test.fail_with_changes
configurable:
  test.configurable_test_state:
    - changes: True
    - result: True
    - comment: x
per_state:
  cmd.run:
    - name: echo really
    - test: False
