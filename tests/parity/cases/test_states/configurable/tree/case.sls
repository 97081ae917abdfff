yes_yes:
  test.configurable_test_state:
    - changes: True
    - result: True
yes_no:
  test.configurable_test_state:
    - changes: True
    - result: False
no_no:
  test.configurable_test_state:
    - changes: False
    - result: False
    - comment: so it is
allowed:
  test.configurable_test_state:
    - changes: False
    - result: False
    - allow_test_mode_failure: True
