one:
  test.nop:
    - name: [a, b
