lonely:
  test.nop:
    - require_in:
      - test: nobody
fine:
  test.nop
