broken:
  test.fail_without_changes:
    - onfail_in:
      - test: cleanup
cleanup:
  test.nop
