#!yaml
s0:
  test.succeed_with_changes: []
s1:
  test.fail_with_changes:
  - names:
    - s1_0
    - s1_1
    - s1_2
  - onchanges:
    - test: s0
  - listen_in:
    - test: s3
    - test: s6
  - failhard: true
s2:
  test.fail_with_changes:
  - order: first
s3:
  test.succeed_with_changes:
  - order: 2
  - names:
    - s3_0
  - require:
    - test: s0
s4:
  test.succeed_with_changes:
  - listen:
    - test: s3
  - prereq_in:
    - test: s1
  - listen_in:
    - test: s0
s5:
  test.succeed_with_changes:
  - onfail_any:
    - id: s3
s6:
  test.nop:
  - onchanges_any:
    - test: name4
    - test: s4
  - onchanges_in:
    - test: s7
  - onfail_all:
    - test: s3
s7:
  test.succeed_with_changes:
  - order: first
  - onchanges:
    - test: s5
  - listen:
    - test: s4
    - test: s3
  - failhard: true
