{% set l = [{'n': 'x', 'v': 2, 'g': 'a'}, {'n': 'y', 'v': 1, 'g': 'b'}, {'n': 'Z', 'v': 3, 'g': 'a'}] %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ l | map(attribute='n') | join }} {{ l | sort(attribute='v') | map(attribute='n') | list }} {{ l | selectattr('v', 'gt', 1) | map(attribute='n') | list }} {{ l | rejectattr('g', 'eq', 'a') | map(attribute='n') | list }} {{ l | sum(attribute='v') }}
        {% for g, items in l | groupby('g') %}{{ g }}={{ items | map(attribute='n') | join('+') }} {% endfor %}{{ l | map(attribute='q', default='-') | list }} {{ [3, 1] | sort(reverse=true) }} {{ ['b', 'A'] | sort }} {{ ['b', 'A'] | sort(case_sensitive=true) }}
        {{ [1, 2, 3, 4, 5] | batch(2, 0) | list }} {{ [1, 2, 3] | slice(2) | list }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ {'b': 2, 'a': 1} | items | list }} {{ [1, 2, 3] | reject('odd') | list }} {{ ['a', '1'] | map('int', default=9) | list }}
        {{ [[1, 2], [3]] | map('length') | list }} {{ [1, none] | select | list }} {{ 'abc' | first }} {{ [] | first | default('empty') }} {{ [1, 2] | last }} {{ ['a', 'b'] | map('upper') | join(',') }} {{ [1, 1, 2] | unique }} {{ [1, 2] | zip(['a', 'b']) | list }}
