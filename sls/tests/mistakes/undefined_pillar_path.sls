web:
  test.show_notification:
    - text: {{ pillar.web.port }}
