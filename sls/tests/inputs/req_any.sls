ok:
  test.succeed_without_changes: []
changed:
  test.succeed_with_changes: []
bad:
  test.fail_without_changes: []
ra1:
  test.nop:
    - require_any: [{test: ok}, {test: bad}]
ra2:
  test.nop:
    - require_any: [{test: bad}]
wa1:
  test.succeed_without_changes:
    - watch_any: [{test: changed}, {test: ok}]
wa2:
  test.succeed_without_changes:
    - watch_any: [{test: bad}, {test: ok}]
oa1:
  test.nop:
    - onchanges_any: [{test: changed}, {test: ok}]
oa2:
  test.nop:
    - onchanges_any: [{test: ok}]
ofa1:
  test.nop:
    - onfail_any: [{test: ok}, {test: bad}]
ofa2:
  test.nop:
    - onfail_any: [{test: ok}]
ofl1:
  test.nop:
    - onfail_all: [{test: ok}, {test: bad}]
ofl2:
  test.nop:
    - onfail_all: [{test: bad}]
