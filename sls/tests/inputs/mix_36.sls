#!yaml
s0:
  test.fail_without_changes: []
s1:
  test.succeed_with_changes:
  - require_in:
    - test: s3
  - watch:
    - test: s0
s2:
  test.fail_without_changes:
  - onchanges_any:
    - test: s1
  - require_any:
    - test: s1
s3:
  test.succeed_with_changes:
  - name: name1
  - listen_in:
    - test: s7
  - onlyif: 'true'
s4:
  test.succeed_with_changes:
  - name: name4
s5:
  test.fail_without_changes: []
s6:
  test.succeed_without_changes:
  - name: name1
  - listen:
    - test: s1
    - test: s3
  - require_any:
    - test: s0
    - test: s5
  - onchanges:
    - s3
    - test: s1
s7:
  test.succeed_without_changes: []
