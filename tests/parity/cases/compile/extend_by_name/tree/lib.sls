a:
  test.configurable_test_state:
    - name: the name
    - result: True
    - changes: False
