include:
  - nowhere
here:
  test.nop
