#!jinja|yaml
a:
  test.show_notification:
    - text: "{{ 1 + 1 }}"
