{% if 'elsewhere.work' in salt %}
never: {test.nop: []}
{% endif %}
stated:
  elsewhere.done: []
