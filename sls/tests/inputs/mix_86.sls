#!yaml
s0:
  test.succeed_with_changes:
  - onchanges_in:
    - test: s6
  - listen_in:
    - test: s1
s1:
  test.nop:
  - check_cmd: 'false'
s2:
  test.fail_without_changes:
  - prereq_in:
    - test: s1
    - test: s0
s3:
  test.succeed_without_changes:
  - onchanges_any:
    - test: s1
s4:
  test.succeed_with_changes:
  - names:
    - s4_0
    - s4_1
    - s4_2
s5:
  test.nop:
  - onchanges:
    - test: s1
  - watch:
    - test: s0
    - test: s3
s6:
  test.succeed_with_changes:
  - order: first
  - names:
    - s6_0
  - use:
    - test: s3
  - watch_any:
    - test: s4
    - test: s2
  - prereq:
    - test: s7
  - onlyif: 'true'
s7:
  test.nop: []
s8:
  test.succeed_with_changes:
  - listen:
    - test: s5
    - test: s3
  - unless: 'false'
