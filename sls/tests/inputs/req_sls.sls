include:
  - lib.pair
  - lib.sub
after:
  test.nop:
    - require:
      - sls: lib.pair
after_glob:
  test.nop:
    - require:
      - sls: lib.*
nothing:
  test.nop:
    - require:
      - sls: nomatch.*
