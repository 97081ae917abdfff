b: {test.nop: []}
a: {test.nop: []}
c:
  test.nop:
    - order: 1
  cmd.run:
    - name: "true"
