require:
  test.nop:
    - require: [{test: no_require}]
require_any:
  test.nop:
    - require_any: [{test: no_require_any}]
watch:
  test.nop:
    - watch: [{test: no_watch}]
watch_any:
  test.nop:
    - watch_any: [{test: no_watch_any}]
prereq:
  test.nop:
    - prereq: [{test: no_prereq}]
onfail:
  test.nop:
    - onfail: [{test: no_onfail}]
onfail_any:
  test.nop:
    - onfail_any: [{test: no_onfail_any}]
onfail_all:
  test.nop:
    - onfail_all: [{test: no_onfail_all}]
onchanges:
  test.nop:
    - onchanges: [{test: no_onchanges}]
onchanges_any:
  test.nop:
    - onchanges_any: [{test: no_onchanges_any}]
