{% if false %}{{ 'x' | nofilter }}{% endif %}
a:
  test.nop
