#!yaml
s0:
  test.nop: []
s1:
  test.nop:
  - order: 2
  - use:
    - test: s0
  - onchanges_in:
    - test: s4
s2:
  test.nop:
  - names:
    - s2_0
  - onfail:
    - test: s1
  - watch:
    - test: s0
    - test: s1
  - onfail_in:
    - test: s6
  - failhard: true
s3:
  test.succeed_without_changes:
  - listen:
    - test: s1
  - unless: 'false'
s4:
  test.succeed_without_changes:
  - check_cmd: 'false'
s5:
  test.fail_with_changes:
  - prereq_in:
    - test: s1
    - test: s2
  - prereq:
    - test: s6
    - test: s7
  - unless: 'true'
s6:
  test.fail_with_changes:
  - onchanges_any:
    - s4
  - prereq_in:
    - test: s0
s7:
  test.nop:
  - name: name1
  - require_any:
    - test: s2
    - test: s1
