case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {% for i in [5, 6, 6] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }}{{ loop.depth }} {{ loop.first }} {{ loop.last }} {{ loop.previtem | default('-') }} {{ loop.nextitem | default('-') }} {{ loop.changed(i) }} {{ loop.cycle('a', 'b') }}
        {% endfor %}
        {% for i in range(6) if i is odd %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% else %}none{% endfor %}
        {% for i in [1, 2] if i > 5 %}{{ i }}{% else %}none{% endfor %}
        {% for i in [1] %}{% continue %}{% else %}else after continue{% endfor %}
        {% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}{{ v }}{{ ', ' if not loop.last }}{% endfor %}
        {% for a in [1, 2] %}{% for b in [1, 2, 3] %}{% if b == 2 %}{% break %}{% endif %}{{ a }}{{ b }}{{ loop.depth }} {% endfor %}{% endfor %}
        {% for item in [{'n': 'a', 'c': [{'n': 'b', 'c': []}]}] recursive %}{{ loop.depth }}{{ item.n }}({{ loop(item.c) }}){% endfor %}
        {% for c in 'abc' %}{{ c }}-{% endfor %} {% for k in {'x': 1} %}{{ k }}{% endfor %}
