#!yaml
s0:
  test.fail_with_changes: []
s1:
  test.fail_with_changes:
  - onfail_in:
    - test: s2
  - onchanges_any:
    - test: s0
  - unless: 'false'
s2:
  test.fail_with_changes:
  - order: -2
  - name: name2
  - require:
    - test: s0
s3:
  test.fail_without_changes:
  - onchanges_any:
    - s0
s4:
  test.nop:
  - onlyif: 'false'
