webserver:
  test.nop: []
page:
  test.nop:
    - require:
      - test: websever
