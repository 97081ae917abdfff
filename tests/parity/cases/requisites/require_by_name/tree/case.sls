an id:
  test.nop:
    - name: the name
second:
  test.nop:
    - require:
      - test: the name
