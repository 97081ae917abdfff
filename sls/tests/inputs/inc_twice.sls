include:
  - lib.pair
  - lib.also_pair
