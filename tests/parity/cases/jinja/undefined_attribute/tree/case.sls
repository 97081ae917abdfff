{% set d = {'a': 1} %}
{{ d.b.c }}
