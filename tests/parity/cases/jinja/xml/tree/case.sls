case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ {'root': {'a': 1, 'b': 'x & y', 'list': [1, 2], 'deep': {'c': true}}} | xml | indent(8) }}
