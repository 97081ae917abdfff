many:
  test.configurable_test_state:
    - names:
      - m1
      - m2:
        - changes: false
        - result: true
      - m1
      - m3
    - changes: true
    - result: true
    - comment: c
after:
  test.nop:
    - require:
      - test: m2
      - test: many
empty:
  test.nop:
    - names: []
