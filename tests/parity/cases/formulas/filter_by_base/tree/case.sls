{%- set choose = salt['grains.filter_by'] %}
{%- set table = {'base': {'a': 1, 'deep': {'x': [1], 'y': 2}}, 'Debian': {'deep': {'x': [2]}}, 'list': [1, 2], 'text': 'abc'} %}
{%- set made = choose(table, base='base', merge={'deep': {'z': 3}}) %}
{%- set none = choose({'Other': 1}) %}
{%- set other = choose({'Other': {'a': 1}}, default='Other') %}
{%- set glob = choose({'Deb*': {'a': 'glob'}}) %}
{%- set by_list = choose({'db': 'is db', 'web': 'is web'}, grain='roles') %}
{%- set no_grain = choose({'x': 1, 'default': 'dflt'}, grain='no:such:grain') %}
{%- set only_merge = choose({}, merge={'m': 1}) %}
{%- set number = choose({12: 'twelve', '12': 'text'}, grain='osmajorrelease') %}
{%- set words = choose({'Debian': ['one', 'two'], 'default': 'Debian'}) %}
show:
  test.nop:
    - made: {{ made | json }}
    - table: {{ table | json }}
    - none: {{ none }}
    - other: {{ other | json }}
    - glob: {{ glob | json }}
    - by_list: {{ by_list }}
    - no_grain: {{ no_grain }}
    - only_merge: {{ only_merge | json }}
    - number: {{ number }}
    - words: {{ words | json }}
