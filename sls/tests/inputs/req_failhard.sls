a:
  test.succeed_with_changes: []
b:
  test.fail_without_changes:
    - failhard: true
c:
  test.nop: []
l:
  test.succeed_without_changes:
    - order: 1
    - listen: [{test: a}]
