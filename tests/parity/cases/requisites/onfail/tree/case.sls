broken:
  test.fail_without_changes
fine:
  test.nop
runs:
  test.succeed_with_changes:
    - onfail:
      - test: broken
rests:
  test.succeed_with_changes:
    - onfail:
      - test: fine
one_of_two:
  test.nop:
    - onfail:
      - test: fine
      - test: broken
