one:
  test.nop:
    - name: "open
two:
  test.nop
