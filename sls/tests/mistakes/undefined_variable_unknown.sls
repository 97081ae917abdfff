web:
  test.show_notification:
    - text: {{ listen_address }}
