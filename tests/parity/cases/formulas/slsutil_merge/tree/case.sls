{%- set a = {'s': 1, 'd': {'x': [1], 'y': {'z': 1}}, 'l': [1, 2]} %}
{%- set b = {'s': 2, 'd': {'x': [2], 'y': {'w': 2}}, 'l': [2, 3], 'n': None} %}
{%- for strategy in ['smart', 'recurse', 'overwrite', 'list', 'aggregate', 'none', 'unheard of'] %}
{{ strategy }}:
  test.nop:
    - plain: {{ salt['slsutil.merge'](salt['defaults.deepcopy'](a), b, strategy=strategy) | json }}
    - lists: {{ salt['slsutil.merge'](salt['defaults.deepcopy'](a), b, strategy=strategy, merge_lists=True) | json }}
{%- endfor %}
all:
  test.nop:
    - all: {{ salt['slsutil.merge_all']([a, b, {'last': a}]) | json }}
    - none: {{ salt['slsutil.merge_all']([]) | json }}
    - a: {{ a | json }}
