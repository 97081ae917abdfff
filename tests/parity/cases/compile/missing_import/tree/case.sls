{% from "nowhere.jinja" import x %}
one:
  test.nop
