bad:
  test.fail_without_changes
good:
  test.succeed_without_changes
handler:
  test.nop:
    - onfail: [{test: bad}]
    - require: [{test: good}]
handler_without:
  test.nop:
    - onfail: [{test: good}]
after_handler:
  test.nop:
    - require: [{test: handler_without}]
after_skipped:
  test.nop:
    - onchanges: [{test: handler_without}]
