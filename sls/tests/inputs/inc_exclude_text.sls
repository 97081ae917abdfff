include:
  - lib.pair
exclude:
  - lib.pair
own:
  test.nop: []
