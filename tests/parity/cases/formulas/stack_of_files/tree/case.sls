{%- from "app/map.jinja" import mapdata as app without context %}
show:
  test.nop:
    - app: {{ app | json }}
