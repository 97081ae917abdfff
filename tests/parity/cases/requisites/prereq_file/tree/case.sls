stop:
  cmd.run:
    - name: echo stopping
    - prereq:
      - file: config
config:
  file.managed:
    - name: {{ grains.root }}/config
    - contents: new
