a:
  test.nop:
  - one: 1
  -   two: 2
      three: 3
  - - nested
    - list
  -
    - next
    - line
b: {test.nop: [{name: x}]}
c: {'test.nop': []}
