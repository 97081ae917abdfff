include:
  - ..named
sub_own:
  test.nop: []
