a:
  test.succeed_with_changes:
    - parallel: True
b:
  test.nop:
    - require: [{test: a}]
c:
  test.fail_without_changes:
    - parallel: True
    - require: [{test: b}]
d:
  test.nop:
    - parallel: True
    - unless: 'true'
    - require: [{test: b}]
