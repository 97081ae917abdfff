show:
  test.nop:
    - joined: {{ 'app' | path_join('par', 'x.yaml') }}
    - replaced: {{ 'openssh:lookup' | regex_replace(':lookup$', '') }}
    - search: {{ 'version 1.2.3 of it' | regex_search('(\\d+)\\.(\\d+)') | json }}
    - match: {{ 'abc' | regex_match('(b)') is none }}
    - traverse: {{ {'a': {'b': [{'c': 1}, 2]}} | traverse('a:b:0:c') }}
    - default: {{ {'a': 1} | traverse('a:b', 'none') }}
    - to_bool: {{ ['yes' | to_bool, 'no' | to_bool, 1 | to_bool, '' | to_bool, None | to_bool] | json }}
    - quote: {{ "it's" | quote | json }}
    - is_sorted: {{ [1, 2] | is_sorted }}
    - uniq: {{ [3, 1, 3] | unique | list | json }}
    - union: {{ [1, 2] | union([2, 3]) | list | json }}
    - avg: {{ [1, 2, 3] | avg }}
    - seq: {{ 'a,b' | sequence | json }}
    - number: {{ '8' | int + 1 }}
    - hash: {{ 'x' | sha256 }}
    - base64: {{ 'x' | base64_encode }}
    - strftime: {{ 1500000000 | strftime('%Y-%m-%d') }}
