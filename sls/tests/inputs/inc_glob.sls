include:
  - lib.p*
  - lib.pair
