include: [case]
c:
  test.nop:
    - names: [x, y]
