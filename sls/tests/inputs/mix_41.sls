#!yaml
s0:
  test.nop: []
s1:
  test.fail_without_changes:
  - names:
    - s1_0
    - s1_1
