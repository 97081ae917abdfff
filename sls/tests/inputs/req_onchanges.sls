changed:
  test.succeed_with_changes: []
same:
  test.succeed_without_changes: []
bad:
  test.fail_with_changes: []
o1:
  test.nop:
    - onchanges: [{test: changed}]
o2:
  test.nop:
    - onchanges: [{test: same}]
o3:
  test.nop:
    - onchanges: [{test: changed}, {test: same}]
o4:
  test.nop:
    - onchanges: [{test: bad}]
o5:
  test.nop:
    - onchanges: [{test: changed}]
    - require: [{test: bad}]
o6:
  test.nop:
    - onchanges: [{test: o2}]
