three:
  test.nop:
    - require_in:
      - test: one
