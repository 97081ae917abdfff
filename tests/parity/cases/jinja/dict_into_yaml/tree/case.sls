{% set data = {'a': [1, 'x', True, None], 'b': {'c': "it is"}} %}
one:
  test.nop:
    - name: x
    - data: {{ data }}
two:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: {{ data.a }}
three:
  file.managed:
    - name: {{ grains.root }}/json
    - contents: '{{ data | json }}'
