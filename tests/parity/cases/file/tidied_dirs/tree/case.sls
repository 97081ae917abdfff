dirs:
  file.tidied:
    - name: {{ grains.root }}/a
    - rmdirs: True
paths:
  file.tidied:
    - name: {{ grains.root }}/b
    - matches: ['.*/sub/.*']
    - full_path_match: True
links:
  file.tidied:
    - name: {{ grains.root }}/c
    - rmlinks: False
