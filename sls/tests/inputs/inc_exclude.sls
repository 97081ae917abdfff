include:
  - lib.pair
  - lib.sub
exclude:
  - sls: lib.sub
  - id: pair_b
own:
  test.nop: []
