b:
  test.fail_without_changes: []
h:
  test.nop:
    - onfail: [{test: b}]
    - onfail_stop: False
