#!yaml
s0:
  test.succeed_with_changes:
  - onchanges_in:
    - test: s1
  - onfail_all:
    - test: s4
s1:
  test.nop:
  - require_in:
    - test: s2
    - s0
s2:
  test.fail_with_changes:
  - require:
    - test: s1
    - test: s0
  - prereq_in:
    - test: s1
s3:
  test.fail_with_changes:
  - name: name1
  - watch_any:
    - test: s2
s4:
  test.nop:
  - name: name1
