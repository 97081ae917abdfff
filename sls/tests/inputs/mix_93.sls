#!yaml
s0:
  test.succeed_with_changes:
  - name: name2
  - onchanges_in:
    - test: s2
  - failhard: true
s1:
  test.succeed_without_changes:
  - watch:
    - test: s0
s2:
  test.succeed_with_changes:
  - order: -1
  - name: name1
  - listen:
    - test: s0
  - require_any:
    - s1
    - test: s0
