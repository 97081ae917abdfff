case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ '<a href="x">' | e }} {{ ('<' | e) + '>' }} {{ '<' | e | e }} {{ '<' | e | forceescape }} {{ ['<' | e] }} {{ '<b>' | safe | e }} {{ '<' | e is escaped }} {{ ('%s' | safe) % '<' }}
        {% autoescape true %}{{ '<' }}{{ '<' | safe }}{% endautoescape %}{{ '<' }}
        {{ {'a': '<&>'} | tojson }} {{ {'a': '<&>'} | json }} {{ '<p>a <b>b</b></p>' | striptags }} {{ {'id': 'a', 'n': none} | xmlattr }}
