#!yaml
s0:
  test.fail_without_changes:
  - name: name4
  - check_cmd: 'false'
s1:
  test.succeed_without_changes:
  - name: name0
s2:
  test.fail_with_changes:
  - names:
    - s2_0
  - onfail_in:
    - test: s4
    - test: s3
s3:
  test.fail_with_changes:
  - names:
    - s3_0
    - s3_1
  - onchanges_in:
    - s5
s4:
  test.fail_with_changes:
  - name: name0
s5:
  test.fail_without_changes:
  - name: name3
