lonely:
  test.nop:
    - require:
      - test: nobody
fine:
  test.nop
