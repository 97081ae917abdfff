#!yaml
s0:
  test.fail_with_changes:
  - order: 1
s1:
  test.fail_with_changes:
  - names:
    - s1_0
    - s1_1
    - s1_2
s2:
  test.succeed_with_changes: []
s3:
  test.fail_with_changes:
  - names:
    - s3_0
    - s3_1
    - s3_2
  - onchanges_in:
    - test: s4
s4:
  test.fail_without_changes:
  - prereq_in:
    - test: s0
