/etc/motd:
  file.exists: []
page:
  test.nop:
    - require:
      - test: /etc/motd
