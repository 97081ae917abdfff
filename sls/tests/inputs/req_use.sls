base:
  test.configurable_test_state:
    - name: b
    - changes: true
    - result: true
    - comment: from base
    - require:
      - test: other
user:
  test.configurable_test_state:
    - use:
      - test: base
    - comment: own
giver:
  test.configurable_test_state:
    - changes: false
    - result: true
    - comment: given
    - use_in:
      - test: taker
taker:
  test.configurable_test_state:
    - result: false
other:
  test.nop: []
