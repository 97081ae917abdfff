a:
  test.nop:
    - require_in:
      - test: nothere
b:
  test.nop:
    - require_in:
      - test.nop: a
