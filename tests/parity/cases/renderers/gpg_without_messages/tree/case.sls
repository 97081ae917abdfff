#!jinja|yaml|gpg
a:
  test.show_notification:
    - text: {{ grains.id }}
