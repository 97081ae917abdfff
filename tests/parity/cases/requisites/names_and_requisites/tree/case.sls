several:
  test.succeed_with_changes:
    - names: [x, y]
by_id:
  test.nop:
    - require: [{test: several}]
by_one_name:
  test.nop:
    - onchanges: [{test: y}]
listens:
  test.nop:
    - listen: [{test: several}]
