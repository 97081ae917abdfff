{% wrong %}
one:
  test.nop
