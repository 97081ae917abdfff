include:
  - base: a
f: test.nop
