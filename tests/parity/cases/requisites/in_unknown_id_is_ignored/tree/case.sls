lost:
  test.nop:
    - require_in: [nobody]
