plain:
  file.uncomment:
    - name: {{ grains.root }}/a
    - regex: ^bind
indented:
  file.uncomment:
    - name: {{ grains.root }}/b
    - regex: port
    - backup: False
missing:
  file.uncomment:
    - name: {{ grains.root }}/a
    - regex: ^nothing
