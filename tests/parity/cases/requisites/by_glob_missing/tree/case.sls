web-a:
  test.nop
db:
  test.nop:
    - require: [{test: 'mail-*'}]
