{%- from 'site/map.jinja' import block, kwargs %}
one:
  file.managed:
    {{ block({'makedirs': True, 'context': {'z': 1, 'a': [1, {'b': None}]}, 'mode': '0644'}) }}
    - name: /etc/one
two:
  file.managed:
    - name: /etc/two
    {{- kwargs({'user': 'root', 'mode': 644, 'backup': False}) }}
    - makedirs: True
three:
  file.directory:
    {{ block({}) }}
    - name: /etc/three
