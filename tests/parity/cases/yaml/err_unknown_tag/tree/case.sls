a:
  test.nop:
    - x: !vault abc
