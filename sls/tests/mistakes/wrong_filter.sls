web:
  test.show_notification:
    - text: {{ 'a' | uper }}
