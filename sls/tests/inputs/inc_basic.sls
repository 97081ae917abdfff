include:
  - lib.pair
own:
  test.nop: []
