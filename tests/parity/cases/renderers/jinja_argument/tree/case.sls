#!jinja -x|yaml
a: test.nop
