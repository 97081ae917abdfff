bad:
  test.fail_with_changes
good:
  test.succeed_with_changes
one:
  test.nop:
    - onchanges: [{test: bad}]
two:
  test.nop:
    - onchanges: [{test: bad}, {test: good}]
