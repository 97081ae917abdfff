#!yaml
s0:
  test.succeed_without_changes:
  - name: name4
  - unless: 'true'
s1:
  test.succeed_without_changes:
  - onchanges_any:
    - test: s0
    - test: s5
  - watch_any:
    - test: s0
  - watch_in:
    - test: s2
s2:
  test.succeed_without_changes: []
s3:
  test.succeed_with_changes:
  - order: -2
  - prereq_in:
    - test: name1
  - use:
    - test: s1
    - test: s2
  - prereq:
    - test: s6
  - check_cmd: 'true'
s4:
  test.succeed_without_changes:
  - prereq:
    - test: s7
    - test: s8
s5:
  test.succeed_with_changes:
  - require_any:
    - test: s2
s6:
  test.nop:
  - listen_in:
    - test: s8
s7:
  test.fail_with_changes:
  - name: name1
  - watch_in:
    - test: s8
  - require:
    - test: s0
  - listen_in:
    - test: s6
s8:
  test.succeed_without_changes:
  - watch_any:
    - test: s3
  - require:
    - test: s5
