{% set data = {'b': [1, 'two', 3.5, none, true, []], 'a': {'k': 'a: b', 'n': '012', 'e': '', 'm': 'one\ntwo', 'd': {}}, 'u': 'é'} %}
{% for format in ('yaml', 'json') %}
{{ grains.root }}/{{ format }}:
  file.serialize:
    - dataset: {{ data | json }}
    - formatter: {{ format }}
{% endfor %}
{{ grains.root }}/flow:
  file.serialize:
    - dataset: {{ data | json }}
    - formatter: yaml
    - serializer_opts:
      - default_flow_style: true
      - allow_unicode: true
{{ grains.root }}/indent:
  file.serialize:
    - dataset: {{ data | json }}
    - formatter: yaml
    - serializer_opts:
      - indent: 4
      - width: 20
      - sort_keys: false
