include:
  - dev: common
a: test.nop
