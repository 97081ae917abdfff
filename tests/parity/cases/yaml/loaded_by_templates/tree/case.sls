{% import_yaml 'data.yaml' as data %}
{% load_yaml as more %}
x: &x [1, 0644, 1:30]
y: *x
{% endload %}
{% set parsed = 'k: [yes, 012, ~]' | load_yaml %}
a:
  test.nop:
    - data: {{ data | json }}
    - more: {{ more | json }}
    - parsed: {{ parsed | json }}
