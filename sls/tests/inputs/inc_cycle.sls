include:
  - lib.cycle_a
x:
  test.nop: []
