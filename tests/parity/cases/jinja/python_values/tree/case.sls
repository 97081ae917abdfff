{%- set d = {'b': 1, 'a': [1, 2.0, None, True, "it's"], 3: 'three'} %}
{%- do d.update({'c': {'x': 'y'}}) %}
{%- set l = [] %}
{%- for key, value in d.items() %}{% do l.append(key) %}{% endfor %}
{%- do l.extend(['z']) %}{% do l.insert(0, 'first') %}
values:
  file.managed:
    - name: {{ grains.root }}/values
    - contents: |
        {{ d }}
        {{ l }} {{ l | length }} {{ l[1:3] }} {{ l[-1] }} {{ l[::-1] }}
        {{ d.get('nope', 'fallback') }} {{ d.pop('b') }} {{ d.keys() | list }}
        {{ '%s-%05d-%.2f-%r' % ('a', 42, 1.5, 'q') }} {{ '{0}/{name}'.format(1, name='n') }}
        {{ 'Hello World'.lower().split() }} {{ 'a,b,c'.split(',', 1) }} {{ ' x '.strip() }}|
        {{ 'abc'.startswith('a') }} {{ 'abc'.replace('b', 'x') }} {{ 'abc'.upper() }} {{ '-'.join(['a', 'b']) }}
        {{ 7 // 2 }} {{ 7 / 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 10 ** 20 }} {{ 1 == 1.0 }} {{ 'a' in 'abc' }}
        {{ 1 if false else 'else' }} {{ none is none }} {{ (1, 2) }} {{ 'a' ~ 1 ~ none }} {{ not true }}
        {{ 1e100 }} {{ 0.1 + 0.2 }} {{ 1.0 }} {{ "tab\tquote'" }} {{ ["tab\tquote'"] }} {{ ["é\x00"] }}
