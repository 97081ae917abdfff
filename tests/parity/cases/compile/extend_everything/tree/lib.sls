a:
  test.succeed_without_changes:
    - names: [x, y]
    - comment: plain
c:
  test:
    - succeed_without_changes
    - require: [{test: a}]
