#!yaml
s0:
  test.nop:
  - name: name0
  - require_in:
    - s2
    - test: s1
  - onlyif: 'false'
s1:
  test.succeed_with_changes:
  - order: last
  - name: name0
  - onfail_any:
    - test: s0
s2:
  test.succeed_without_changes: []
s3:
  test.succeed_with_changes:
  - onfail_in:
    - test: s6
  - onchanges:
    - test: s2
  - listen_in:
    - test: s5
s4:
  test.succeed_with_changes: []
s5:
  test.succeed_without_changes:
  - onchanges_in:
    - test: s6
s6:
  test.succeed_with_changes:
  - onfail:
    - test: name0
s7:
  test.fail_with_changes: []
