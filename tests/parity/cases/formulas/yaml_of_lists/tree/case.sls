{%- set includes = ['a.one', 'a.two'] %}
include:
  {{ includes | yaml(false) | indent(2) }}
{%- set pkgs = ['p1'] + ['p2', 'p3'] %}
main:
  pkg.installed:
    - pkgs: {{ pkgs }}
    - acls: {{ [['local', 'db', 'user'], ['host', 'x']] | yaml() }}
    - env: {{ [{'LC_ALL': 'C.UTF-8'}] }}
    - nested: {{ {'a': {'b': [1, {'c': 'd: e'}]}} | yaml }}
    - block: |
        {{ {'a': {'b': [1, 'two']}} | yaml(False) | indent(8) }}
