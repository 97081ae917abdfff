{%- set x = salt['postgres.no_such'](1) %}
x:
  test.nop: []
