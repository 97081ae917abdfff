broken:
  test.fail_without_changes
fine:
  test.nop
any:
  test.nop:
    - onfail_any:
      - test: fine
      - test: broken
all:
  test.nop:
    - onfail_all:
      - test: fine
      - test: broken
