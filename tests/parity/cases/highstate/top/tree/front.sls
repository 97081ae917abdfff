front:
  test.nop:
    - require:
      - test: web
