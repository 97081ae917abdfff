#!nosuchrenderer
one:
  test.nop
