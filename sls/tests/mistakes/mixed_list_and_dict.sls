web:
  test.show_notification:
    - text: a
    name: b
