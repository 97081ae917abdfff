include: [lib.a, lib.b]
all:
  test.nop:
    - require: [{sls: 'lib.*'}]
none:
  test.nop:
    - require: [{sls: 'nothing.*'}]
