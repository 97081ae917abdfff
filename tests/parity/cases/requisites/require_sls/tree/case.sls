include:
  - other
after:
  test.nop:
    - require:
      - sls: other
