#!yaml
s0:
  test.fail_without_changes:
  - onfail_in:
    - test: name0
  - watch_in:
    - test: s2
  - listen_in:
    - test: s2
    - test: s3
s1:
  test.fail_with_changes:
  - name: name2
s2:
  test.fail_without_changes:
  - order: -1
  - prereq:
    - s3
s3:
  test.nop:
  - listen:
    - test: s0
    - test: s2
  - onchanges_any:
    - test: s2
    - s0
  - onchanges:
    - test: s1
  - failhard: true
