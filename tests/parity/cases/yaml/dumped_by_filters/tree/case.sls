{% set data = {'b': [1, 'two', 3.5, none, true], 'a': {'k': 'a: b', 'n': '012', 'y': 'yes', 'e': '', 'd': '2001-01-01', 'm': 'one\ntwo'}, 'é': 'ü'} %}
a:
  test.nop:
    - flow: {{ data | yaml }}
    - block:
        {{ data | yaml(False) | indent(8) }}
    - encoded: {{ 'it\'s "x": é' | yaml_encode }}
    - double: {{ 'a: b' | yaml_dquote }}
    - single: {{ "it's" | yaml_squote }}
    - json: {{ data | json }}
    - spliced: {{ data.b }}
    - text: {{ data | yaml | json }}
