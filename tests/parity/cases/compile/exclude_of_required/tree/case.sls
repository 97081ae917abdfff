include: [lib]
exclude: [lib]
a:
  test.nop:
    - require: [{test: gone}]
