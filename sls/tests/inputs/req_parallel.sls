p1:
  test.succeed_with_changes:
    - parallel: true
p2:
  test.succeed_without_changes:
    - parallel: true
    - require: [{test: p1}]
p3:
  test.fail_without_changes:
    - parallel: true
p4:
  test.nop:
    - require: [{test: p3}]
p5:
  test.succeed_without_changes:
    - watch: [{test: p1}]
