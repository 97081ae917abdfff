{%- set x = salt['slsutil.merge']({'a': 1}, ['b']) %}
x:
  test.nop: []
