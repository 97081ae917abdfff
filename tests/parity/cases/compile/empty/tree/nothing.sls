{% if False %}
x:
  test.nop
{% endif %}
