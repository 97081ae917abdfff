web:
  test.nop: []
{% if grains['os'] == 'Debian' %}
db:
  test.nop: []
