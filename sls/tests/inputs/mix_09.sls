#!yaml
s0:
  test.succeed_with_changes:
  - failhard: true
s1:
  test.succeed_with_changes: []
s2:
  test.nop: []
s3:
  test.nop:
  - onfail_any:
    - test: s2
    - test: s1
  - onfail_all:
    - test: s2
  - listen:
    - test: s1
  - failhard: true
  - unless: 'false'
s4:
  test.succeed_with_changes:
  - order: -1
  - watch_any:
    - test: s1
    - test: s2
s5:
  test.fail_without_changes:
  - failhard: true
s6:
  test.fail_without_changes:
  - names:
    - s6_0
    - s6_1
    - s6_2
