case:
  test.nop:
    - name: a{{ nothing }}b
{% if nothing %}
never:
  test.nop
{% endif %}
{% for i in nothing %}x{% endfor %}
