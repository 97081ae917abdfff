{% from "map.jinja" import y %}
one:
  test.nop:
    - name: {{ y }}
