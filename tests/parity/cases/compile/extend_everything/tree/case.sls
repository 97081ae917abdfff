include: [lib]
extend:
  a:
    test:
      - succeed_with_changes
      - comment: extended
      - require: [{test: b}]
      - name: changed name
  c:
    test.nop:
      - order: 1
b: test.nop
