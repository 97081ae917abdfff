broken:
  test.fail_without_changes
cleanup:
  test.nop:
    - onfail:
      - test: broken
after_cleanup:
  test.nop:
    - require:
      - test: cleanup
