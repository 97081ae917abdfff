{% set port = 80 %}
web:
  test.show_notification:
    - text: {{ prot }}
