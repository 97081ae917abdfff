an id:
  test.nop:
    - name: /etc/x
by_name:
  test.nop:
    - require:
      - test: /etc/x
by_glob:
  test.nop:
    - require:
      - test: /etc/*
by_id_glob:
  test.nop:
    - require:
      - id: an*
dotted:
  test.nop:
    - require:
      - test: by_name
