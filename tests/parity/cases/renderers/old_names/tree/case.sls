#!yaml_jinja
a:
  test.show_notification:
    - text: v{{ 1 + 1 }}
