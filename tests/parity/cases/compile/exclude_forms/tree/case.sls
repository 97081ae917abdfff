include: [lib.one, lib.two, other]
exclude:
  - sls: lib.*
  - id: gone
  - other
gone: test.nop
stays: test.nop
