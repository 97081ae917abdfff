#!yaml
s0:
  test.fail_with_changes:
  - require_in:
    - test: s1
    - test: s5
  - onchanges_in:
    - test: s3
  - failhard: true
s1:
  test.nop:
  - require:
    - test: s2
  - onchanges_any:
    - test: s0
s2:
  test.nop:
  - use:
    - test: s0
    - test: s1
s3:
  test.succeed_with_changes:
  - listen_in:
    - test: s6
  - prereq:
    - test: s4
  - onfail:
    - test: s1
s4:
  test.fail_with_changes:
  - name: name0
  - onchanges:
    - test: s3
  - listen_in:
    - test: s5
  - onlyif: 'true'
s5:
  test.nop:
  - order: 2
  - name: name4
s6:
  test.fail_without_changes:
  - names:
    - s6_0
    - s6_1
    - s6_2
