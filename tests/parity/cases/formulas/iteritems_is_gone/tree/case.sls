{% for a, b in {'x': 1}.iteritems() %}
{{ a }}:
  test.nop: []
{% endfor %}
