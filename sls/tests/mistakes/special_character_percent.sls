web:
  test.show_notification:
    - text: %d
