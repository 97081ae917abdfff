web-a:
  test.succeed_with_changes
web-b:
  test.succeed_without_changes
db:
  test.nop:
    - require: [{test: 'web-*'}]
any_id:
  test.nop:
    - require: ['web-?']
changed:
  test.nop:
    - onchanges: [{test: 'web-[ab]'}]
