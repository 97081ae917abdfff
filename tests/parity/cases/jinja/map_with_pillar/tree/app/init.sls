{# Defaults come from the map, what the pillar gives wins. #}
{% from "app/map.jinja" import settings with context %}

code:
  test.nop:
    - name: {{ settings.repo }} {{ settings.target }}

start:
  cmd.run:
    - name: {{ settings.start_command }}
    - creates: {{ settings.start_creates }}
    - require:
      - test: code

whole:
  test.nop:
    - name: "{{ settings }}"
