show:
  cron.present:
    - name: run
    - minute: {{ salt['random.seed'](60) }}
    - hour: {{ salt['random.seed'](24, hash='other') }}
    - big: {{ salt['random.seed'](10000000000, hash='x') }}
    - shuffled: {{ salt['random.shuffle'](['a', 'b', 'c', 'd', 'e'], seed='s') | json }}
    - sampled: {{ salt['random.sample']([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3, seed='s') | json }}
    - many: {{ salt['random.sample'](range(100) | list, 4, seed='t') | json }}
    - int: {{ salt['random.rand_int'](1, 1000, seed='abc') }}
    - length: {{ salt['random.get_str'](12, punctuation=False) | length }}
