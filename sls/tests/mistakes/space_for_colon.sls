web:
  test.show_notification:
    - text hello
