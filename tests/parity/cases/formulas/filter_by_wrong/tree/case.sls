{%- set x = salt['grains.filter_by']({'Debian': {'a': 1}}, merge=['no', 'dict']) %}
x:
  test.nop: []
