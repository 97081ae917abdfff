include:
  - lib.pair
before:
  test.nop:
    - require_in:
      - sls: lib.pair
