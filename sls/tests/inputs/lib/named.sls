named:
  test.nop:
    - names: [x, y]
by_name:
  test.nop:
    - name: /by/name
