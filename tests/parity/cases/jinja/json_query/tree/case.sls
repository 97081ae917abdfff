{% set d = {'s': [{'n': 'http', 'p': 80, 't': ['a', 'b']}, {'n': 'ssh', 'p': 22, 't': []}], 'x-y': {'k': none, 'z': false}} %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ d | json_query('s[].p') }} {{ d | json_query('s[?p > `50`].n | [0]') }} {{ d | json_query('s[*].{name: n, first: t[0]}') }}
        {{ d | json_query('"x-y".k') }} {{ d | json_query('sort_by(s, &p)[*].n') }} {{ d | json_query('max_by(s, &p).n') }} {{ d | json_query('length(s)') }}
        {{ d | json_query("s[?contains(t, 'a')].n") }} {{ d | json_query("join(',', s[].n)") }} {{ d | json_query('s[].t[]') }} {{ d | json_query('s[-1].n') }}
        {{ d | json_query('s[::-1].n') }} {{ d | json_query('missing') }} {{ d | json_query("s[?n == 'ssh' && !t]") }} {{ d | json_query('[s[0].n, `1`]') }}
        {{ d | json_query('keys(@) | sort(@)') }} {{ d | json_query('not_null(a, s[0].n)') }} {{ d | json_query('to_number(`"7"`)') }} {{ d | json_query('*.k') }} {{ d | json_query('sum(s[].p)') }}
