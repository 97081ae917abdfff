web:
  test.show_notification:
    - text: {{ salt['test.eco']('a') }}
