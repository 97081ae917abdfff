one:
  test.nop
{% if True %}
two:
  test.nop
