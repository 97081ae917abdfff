web:
  test.show_notification:
    - text: note: this is it
