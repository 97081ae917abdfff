extend:
  a: [b]
a: test.nop
