changed:
  test.succeed_with_changes:
    - name: what it is called
listener:
  test.nop:
    - listen: ['what it is called']
unknown:
  test.nop:
    - listen: [{test: nobody}]
with_failhard:
  test.nop:
    - listen: [{test: changed}]
    - failhard: True
