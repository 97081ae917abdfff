#!yaml
s0:
  test.fail_with_changes:
  - names:
    - s0_0
    - s0_1
    - s0_2
  - require_in:
    - test: s2
s1:
  test.nop: []
s2:
  test.nop:
  - name: name2
  - watch_in:
    - test: s4
s3:
  test.succeed_without_changes:
  - order: 20000
  - onchanges:
    - test: s0
  - prereq_in:
    - test: s1
  - failhard: true
s4:
  test.succeed_without_changes:
  - onfail_all:
    - test: s0
s5:
  test.succeed_without_changes: []
