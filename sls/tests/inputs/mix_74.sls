#!yaml
s0:
  test.succeed_without_changes:
  - names:
    - s0_0
    - s0_1
    - s0_2
  - onfail_in:
    - test: s1
s1:
  test.nop:
  - onfail_any:
    - test: s0
  - require_in:
    - s4
    - test: s5
s2:
  test.nop:
  - listen:
    - s1
  - unless: 'true'
s3:
  test.fail_without_changes:
  - require_in:
    - s5
    - test: s6
  - onchanges_any:
    - test: s4
    - test: s0
  - check_cmd: 'true'
s4:
  test.succeed_with_changes:
  - name: name0
s5:
  test.fail_with_changes: []
s6:
  test.fail_without_changes:
  - name: name3
  - failhard: true
