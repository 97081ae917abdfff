{% for user, data in {'ann': {'uid': 1}, 'bob': {'uid': 2}}.items() %}
{% set count = loop.index %}
user-{{ user }}:
  test.nop:
    - name: {{ user }} {{ data.uid }} {{ count }}
{%- if not loop.first %}
    - require:
      - test: user-ann
{%- endif %}
{% endfor %}
