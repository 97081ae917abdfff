include:
  - one
  - two
exclude:
  - sls: two
  - id: not_me
here:
  test.nop
