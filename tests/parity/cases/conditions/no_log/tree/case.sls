secret:
  test.configurable_test_state:
    - name: hidden
    - changes: True
    - result: True
    - comment: a secret
    - no_log: True
same:
  test.nop:
    - no_log: True
