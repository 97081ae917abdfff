followed:
  file.managed:
    - name: {{ grains.root }}/link
    - contents: new
not_followed:
  file.managed:
    - name: {{ grains.root }}/link2
    - source: salt://new
    - follow_symlinks: False
