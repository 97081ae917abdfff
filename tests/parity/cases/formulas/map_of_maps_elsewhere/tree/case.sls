{%- from "web/map.jinja" import web with context %}
show:
  test.nop:
    - web: {{ web | yaml }}
