{%- from "web/map.jinja" import web with context %}
web-settings:
  test.nop:
    - settings: {{ web | json }}
