good:
  test.succeed_with_changes
bad:
  test.fail_without_changes
same:
  test.succeed_without_changes
require_any_one:
  test.nop:
    - require_any: [{test: good}, {test: bad}]
require_any_none:
  test.nop:
    - require_any: [{test: bad}]
onchanges_any_one:
  test.nop:
    - onchanges_any: [{test: good}, {test: same}]
onchanges_any_none:
  test.nop:
    - onchanges_any: [{test: same}, {test: bad}]
watch_any_one:
  test.nop:
    - watch_any: [{test: good}, {test: bad}]
onfail_any_one:
  test.nop:
    - onfail_any: [{test: good}, {test: bad}]
onfail_any_none:
  test.nop:
    - onfail_any: [{test: good}, {test: same}]
onfail_all_one:
  test.nop:
    - onfail_all: [{test: good}, {test: bad}]
onfail_all_all:
  test.nop:
    - onfail_all: [{test: bad}]
