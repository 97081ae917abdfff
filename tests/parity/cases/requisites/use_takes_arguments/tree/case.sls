base_one:
  test.configurable_test_state:
    - changes: True
    - result: True
    - comment: from the base
    - require: [{test: other}]
    - order: 5
other:
  test.nop
taker:
  test.configurable_test_state:
    - comment: my own
    - use: [{test: base_one}]
giver:
  test.configurable_test_state:
    - changes: False
    - result: True
    - use_in: [{test: given}]
given:
  test.configurable_test_state: []
