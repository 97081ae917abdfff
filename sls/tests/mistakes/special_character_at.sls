web:
  test.show_notification:
    - text: @home
