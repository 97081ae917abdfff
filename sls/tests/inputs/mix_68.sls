#!yaml
s0:
  test.fail_with_changes:
  - onfail_in:
    - test: s5
s1:
  test.succeed_with_changes: []
s2:
  test.fail_without_changes:
  - failhard: true
s3:
  test.nop:
  - name: name2
s4:
  test.succeed_with_changes:
  - names:
    - s4_0
    - s4_1
    - s4_2
  - onchanges:
    - id: s1
    - test: s0
s5:
  test.fail_without_changes:
  - failhard: true
