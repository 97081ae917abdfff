{%- set d = {'n': None, 'e': '', 'z': 0, 'f': False, 'l': [], 's': 'x'} %}
show:
  test.nop:
    {%- for key in ['n', 'e', 'z', 'f', 'l', 's', 'missing'] %}
    - {{ key }}: [{{ d[key] is defined }}, {{ d[key] is none }}, {{ d[key] | default('D') | json }}, {{ d[key] | default('D', true) | json }}, {{ 'yes' if d[key] else 'no' }}, {{ d.get(key) is mapping }}, {{ d[key] is iterable }}]
    {%- endfor %}
    - deep: {{ d.missing.deeper is defined if d.missing is defined else 'no' }}
    - callable: {{ salt['no.such_function'] | default(none) is callable }}
    - same: {{ d.f is sameas false }}
    - in: {{ 'no.such_function' in salt }}
    - there: {{ 'test.echo' in salt }}
