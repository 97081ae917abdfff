ok:
  test.succeed_without_changes: []
bad:
  test.fail_without_changes: []
f1:
  test.nop:
    - onfail: [{test: bad}]
f2:
  test.nop:
    - onfail: [{test: ok}]
f3:
  test.nop:
    - onfail: [{test: bad}, {test: ok}]
f4:
  test.nop:
    - onfail: [{test: bad}]
    - onchanges: [{test: ok}]
f5:
  test.nop:
    - onfail: [{test: bad}]
    - require: [{test: bad}]
f6:
  test.nop:
    - require: [{test: f2}]
