third:
  test.nop
second:
  test.nop:
    - order: 2
first:
  test.nop:
    - order: 1
last:
  test.nop:
    - order: last
negative:
  test.nop:
    - order: -5
explicit_first:
  test.nop:
    - order: first
fourth:
  test.nop
