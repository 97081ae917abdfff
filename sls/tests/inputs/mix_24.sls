#!yaml
s0:
  test.succeed_with_changes:
  - onlyif: 'false'
s1:
  test.succeed_with_changes:
  - name: name3
s2:
  test.fail_with_changes:
  - order: -2
s3:
  test.nop:
  - onfail_in:
    - test: s4
  - listen:
    - test: s2
  - watch:
    - test: s0
s4:
  test.succeed_without_changes:
  - order: 1
  - require_any:
    - test: s3
  - check_cmd: 'true'
s5:
  test.nop:
  - onchanges_any:
    - test: s1
s6:
  test.succeed_with_changes:
  - use:
    - test: s0
