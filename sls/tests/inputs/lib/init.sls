include:
  - .pair
  - .sub
  - lib.sub.deep
lib_own:
  test.nop: []
