target:
  test.nop
lost:
  test.nop:
    - require_in:
      - test.nop: target
