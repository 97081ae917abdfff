service:
  test.nop:
    - require:
      - test: config
