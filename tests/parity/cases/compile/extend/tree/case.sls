include:
  - base
extend:
  app:
    test:
      - name: extended
      - require:
        - test: added
    cmd:
      - cwd: /usr
added:
  test.nop
