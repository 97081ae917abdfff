{% set d = {'b': 1, 'a': [1]} %}{% set alias = d %}{% set copy = d.copy() %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {% do alias.update({'c': 3}) %}{% do copy.a.append(2) %}{{ d }} {{ copy }}
        {{ d.pop('c') }} {{ d.pop('zz', 'default') }} {{ d.setdefault('n', []).append(5) }} {{ d.n }} {{ d.get('q') }} {{ d.get('q', 7) }} {{ 'a' in d }} {{ d | length }}
        {{ d.keys() | list }} {{ d.values() | list }} {{ d.items() | list }} {{ dict(d, b=2) }} {{ dict([('x', 1)]) }} {{ {1: 'int', none: 'none', (1, 2): 'tuple'} }}
        {% set l = [3, 1] %}{% do l.extend([2]) %}{% do l.sort() %}{% do l.insert(0, 'x') %}{{ l }} {{ l.pop() }} {{ l.index(1) }} {{ l.count(1) }} {{ l + [4] }} {{ l * 2 }} {{ [1, [2]] == [1, [2]] }} {{ (1, 2) + (3,) }}
        {{ d.keys() == {'b': 0, 'a': 0, 'n': 0}.keys() }} {{ {'a': 1} == {'a': 1.0} }} {{ [1, 2] < [1, 3] }} {{ d.popitem() }}
