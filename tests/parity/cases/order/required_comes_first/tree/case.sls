a:
  test.nop:
    - order: 1
    - require: [{test: z}]
m: test.nop
z:
  test.nop:
    - order: last
