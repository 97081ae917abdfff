web:
  test.nop: []
extend:
  webb:
    test:
      - name: x
