#!yaml
s0:
  test.fail_with_changes:
  - names:
    - s0_0
    - s0_1
  - listen_in:
    - test: s6
s1:
  test.succeed_with_changes:
  - name: name4
  - require_any:
    - test: s3
s2:
  test.succeed_with_changes:
  - names:
    - s2_0
    - s2_1
  - prereq:
    - test: s4
    - test: s1
  - watch_in:
    - test: s5
    - test: s6
  - failhard: true
s3:
  test.fail_without_changes: []
s4:
  test.fail_with_changes:
  - order: 1
  - names:
    - s4_0
    - s4_1
s5:
  test.fail_without_changes:
  - onfail_in:
    - test: s6
  - require_any:
    - test: s4
  - listen:
    - test: s0
s6:
  test.nop:
  - use:
    - test: s0
  - onfail:
    - s1
