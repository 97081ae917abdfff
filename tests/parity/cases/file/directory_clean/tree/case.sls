dir:
  file.directory:
    - name: {{ grains.root }}/d
    - clean: True
    - require:
      - file: keep
keep:
  file.managed:
    - name: {{ grains.root }}/d/keep
    - contents: x
