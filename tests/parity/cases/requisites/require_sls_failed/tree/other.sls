one:
  test.fail_without_changes
two:
  test.nop
