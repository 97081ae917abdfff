first:
  test.nop
second:
  test.nop:
    - require:
      - first
