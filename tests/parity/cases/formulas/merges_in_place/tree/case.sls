{%- set mine = {'a': {'b': [1]}, 'l': [1, 2]} %}
{%- set inner = mine.a %}
{%- set over = {'a': {'c': 2}, 'l': [2, 3], 'n': {'x': 1}} %}
{%- set same = salt['defaults.merge'](mine, over, merge_lists=True) %}
{%- do over.n.update({'later': 1}) %}
{%- set other = salt['defaults.merge'](mine, {'only': 'here'}, in_place=False) %}
{%- do salt['slsutil.update'](mine, {'u': 1, 'a': {'d': 3}}) %}
{%- set copy = salt['defaults.deepcopy'](mine) %}
{%- do copy.a.update({'copy': 1}) %}
{%- set nodes = {'n1': {'tags': ['x']}, 'n2': {'port': 2}} %}
{%- do salt['defaults.update'](nodes, {'port': 1, 'tags': ['all']}) %}
show:
  test.nop:
    - mine: {{ mine | json }}
    - inner: {{ inner | json }}
    - same: {{ same | json }}
    - other: {{ other | json }}
    - copy: {{ copy | json }}
    - nodes: {{ nodes | json }}
