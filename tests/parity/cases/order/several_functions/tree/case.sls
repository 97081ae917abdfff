app:
  test.nop: []
  cmd.run:
    - name: echo app
    - require:
      - test: app
  file.managed:
    - name: {{ grains.root }}/app
    - contents: app
