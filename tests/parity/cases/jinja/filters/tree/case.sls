filters:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ [3, 1, 2] | sort | join(', ') }} {{ [1, 2, 3] | sum }} {{ ['a', 'b'] | first }} {{ 'abc' | last }}
        {{ {'b': 1, 'a': 2} | dictsort }} {{ {'b': 1, 'a': 2} | json }} {{ {'b': [1], 'a': None} | tojson }}
        {{ 'x' | yaml_encode }}
        {{ 'yes: no' | yaml_dquote }} {{ "it's" | yaml_squote }} {{ 'text' | yaml_encode }} {{ 12 | yaml_encode }}
        {{ nothing | default('d') }} {{ '' | default('d', true) }} {{ 'abc' | replace('b', 'x') }} {{ 'a b' | title }}
        {{ [1, 2, 3, 4] | batch(2) | list }} {{ [1, 2, 3] | map('string') | list }} {{ [1, 2, 3] | select('odd') | list }}
        {{ [{'n': 1}, {'n': 2}] | map(attribute='n') | list }} {{ [{'n': 1}, {'n': 2}] | selectattr('n', 'equalto', 2) | list }}
        {{ 'abc' | regex_replace('b', 'X') }} {{ 'abcd' | regex_match('a(.)c(.)') }} {{ 'xabc' | regex_search('a(.)c') }}
        {{ 'text' | md5 }} {{ 'text' | sha256 }} {{ 'text' | base64_encode }} {{ 'dGV4dA==' | base64_decode }}
        {{ [1, [2, [3]]] | flatten }} {{ [1, 1, 2] | unique }} {{ [1, 2] | union([2, 3]) }} {{ [1, 2] | difference([2]) }} {{ [1, 2] | intersect([2]) }}
        {{ '5' | int + 1 }} {{ 'x' | int(7) }} {{ 3.7 | int }} {{ '2.5' | float }} {{ 2.567 | round(1) }} {{ -3 | abs }}
        {{ 'true' | to_bool }} {{ 'a,b' | quote }} {{ "it's here" | quote }} {{ [1, 2] | avg }} {{ '10.0.0.1' | is_ip }} {{ '10.0.0.1/24' | ipaddr }}
        {{ 'long text here' | truncate(8) }} {{ 'x' | center(5) }}| {{ 'word word' | wordcount }} {{ 10 | filesizeformat }}
        {{ [3, 1] | max }} {{ [3, 1] | min }} {{ 'abc' | reverse }} {{ [1, 2] | reverse | list }} {{ 'abc' | list }} {{ [1,2,3] | slice(2) | list }}
        {{ [{'k': 'a', 'v': 1}, {'k': 'b', 'v': 2}, {'k': 'a', 'v': 3}] | groupby('k') | list | length }} {{ {'a': 1}.items() | list }} {{ 'a' | is_list }} {{ ['a'] | is_list }}
        {{ 'sls' | upper }} {{ '<b>' | escape }} {{ '<b>' | e }} {{ 'x' | string }} {{ [1, 2] | string }} {{ 'camel' | capitalize }}
        {{ 'some_name' | to_camelcase }} {{ 'someName' | to_snake_case }} {{ '%s' | format('x') }} {{ 'http://x/?a=b c' | urlencode }}
