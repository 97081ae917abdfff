include:
  - nowhere: common
a: test.nop
