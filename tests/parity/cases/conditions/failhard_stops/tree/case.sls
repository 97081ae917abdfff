a: test.nop
b:
  test.fail_without_changes:
    - failhard: True
c: test.nop
l:
  test.nop:
    - listen: [{test: a}]
