include:
  - _xenv: fromdev
q: test.nop
