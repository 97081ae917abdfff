changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
bad:
  test.fail_without_changes
a:
  test.nop:
    - onchanges: [{test: same}]
    - require: [{test: bad}]
b:
  test.nop:
    - onchanges: [{test: changed}]
    - onfail: [{test: same}]
c:
  test.nop:
    - watch: [{test: changed}]
    - onchanges: [{test: same}]
d:
  test.nop:
    - onfail: [{test: bad}]
    - onchanges: [{test: changed}]
