web:
  test.show_notification:
    - text: [a, b
db:
  test.nop: []
