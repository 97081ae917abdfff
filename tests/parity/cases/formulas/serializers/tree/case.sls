{%- set data = {'b': [1, 2], 'a': {'x': {'y': 'z'}}, 't': True, 'n': None} %}
show:
  test.nop:
    - json: {{ salt['slsutil.serialize']('json', data) | json }}
    - indented: {{ salt['slsutil.serialize']('json', data, indent=2, sort_keys=True) | json }}
    - yaml: {{ salt['slsutil.serialize']('yaml', data) | json }}
    - block: {{ salt['slsutil.serialize']('yaml', data, default_flow_style=False) | json }}
    - ini: {{ salt['slsutil.serialize']('configparser', {'main': {'Key': 1, 'other': 'x y'}, 'second': {}}) | json }}
    - from_yaml: {{ salt['slsutil.deserialize']('yaml', 'a: [1, yes]') | json }}
    - from_json: {{ salt['slsutil.deserialize']('json', '{"a": [1, null]}') | json }}
