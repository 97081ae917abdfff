{% from 'lib/broken.jinja' import x %}
a:
  test.nop: []
