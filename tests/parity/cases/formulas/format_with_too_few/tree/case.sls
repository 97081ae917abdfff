{%- set url = '%s/%s-%s'|format('a', 'b') %}
x:
  test.nop:
    - url: {{ url }}
