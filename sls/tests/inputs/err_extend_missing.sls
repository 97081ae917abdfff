extend:
  nothere:
    test:
      - comment: x
  alsonot:
    test.nop: []
a:
  test.nop: []
