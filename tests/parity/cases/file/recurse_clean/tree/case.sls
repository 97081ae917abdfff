clean:
  file.recurse:
    - name: {{ grains.root }}/dir
    - source: salt://files
    - clean: True
    - exclude_pat: '*.keep'
