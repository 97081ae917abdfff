one:
  file.recurse:
    - name: {{ grains.root }}/one
    - source: salt://files
