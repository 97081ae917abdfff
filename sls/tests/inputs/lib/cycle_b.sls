include:
  - lib.cycle_a
cycle_b:
  test.nop: []
