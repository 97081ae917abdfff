a:
  test.nop:
    - require:
      - test: nope
b:
  test.nop:
    - watch:
      - file: a
c:
  test.nop:
    - onchanges:
      - sls: nope
d:
  test.nop:
    - require:
      - nope
e:
  test.nop:
    - require:
      - test: 5
f:
  test.nop:
    - require:
      - test: nope*
