web:
  test.show_notification:
    - text: 'hello
db:
  test.nop: []
