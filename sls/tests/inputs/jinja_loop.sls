{% for n in range(3) %}
item_{{ n }}:
  test.nop:
    - require_in:
      - test: end
{% endfor %}
{% set d = {'a': [1, 'x'], 'b': {'c': true}} %}
end:
  test.nop:
    - data: {{ d }}
    - tojson: {{ d|tojson }}
    - yaml: {{ d|yaml }}
