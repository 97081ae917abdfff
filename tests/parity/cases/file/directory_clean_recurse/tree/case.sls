dir:
  file.directory:
    - name: {{ grains.root }}/dir
    - clean: True
    - require:
      - file: inner
      - file: single
inner:
  file.recurse:
    - name: {{ grains.root }}/dir/inner
    - source: salt://files
single:
  file.managed:
    - name: {{ grains.root }}/dir/single
    - contents: x
