{% for n in [1, 2] %}
web{{ n }}:
  test.nop: []
