{% from "map.jinja" import x with context %}
one:
  test.nop
