bad:
  test.fail_without_changes
one:
  test.nop:
    - require: [{test: bad}]
two:
  test.nop:
    - onchanges: [{test: bad}]
three:
  test.nop:
    - require_in: [{test: one}]
