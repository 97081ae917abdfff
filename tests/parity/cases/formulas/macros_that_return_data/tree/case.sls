{%- from 'lib.jinja' import serialize, option with context %}
show:
  test.nop:
    - data: {{ serialize({'a': 1, 'b': {'c': [1, 'x', None]}, 'd': True}) }}
    - base: {{ option('dev', 'base') | load_yaml | json }}
    - update: {{ option('dev', 'update') | load_yaml | json }}
    - list: {{ option('prod', 'base') | load_yaml | json }}
