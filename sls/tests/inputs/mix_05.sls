#!yaml
s0:
  test.nop:
  - prereq:
    - test: s1
    - test: s2
  - onfail_all:
    - test: s5
s1:
  test.succeed_with_changes: []
s2:
  test.nop:
  - order: 1
  - onchanges:
    - test: s1
  - watch:
    - test: s0
  - require_in:
    - test: s5
s3:
  test.nop:
  - listen_in:
    - test: s7
    - test: s6
  - onfail:
    - s0
    - test: s1
  - onfail_in:
    - test: s1
    - s4
  - failhard: true
s4:
  test.fail_without_changes:
  - require:
    - test: s7
    - test: s8
  - require_in:
    - test: s8
s5:
  test.fail_without_changes:
  - order: 20000
  - name: name0
  - onfail_all:
    - s4
  - failhard: true
s6:
  test.fail_with_changes:
  - names:
    - s6_0
    - s6_1
  - use:
    - test: s3
  - onfail_all:
    - test: s2
    - test: s1
  - require_in:
    - s8
    - test: s7
  - failhard: true
s7:
  test.fail_with_changes:
  - onfail_in:
    - test: s8
s8:
  test.succeed_without_changes:
  - order: first
  - unless: 'true'
