case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ [1, 'a', none, true, 1.0, {'k': (1,)}] }} {{ {'n': none, 't': true, 's': "it's", 'q': 'say "x"', 'l': [1]} }} {{ (1,) }} {{ () }} {{ none }} {{ 'x' }} {{ {'a': 'x\ny'} }} {{ ['x\ny'] }}
        {{ {'a': {'b': 'c'}} | string }} {{ [none, true] | join(' ') }} {{ range(3) }} {{ {} }} {{ [] }} {{ '' }}
