#!yaml
web:
  test.show_notification:
    - text: {{ pillar['greeting'] }}
