plain:
  file.comment:
    - name: {{ grains.root }}/a
    - regex: ^bind
semicolon:
  file.comment:
    - name: {{ grains.root }}/b
    - regex: ^bind 127
    - char: ;
    - backup: False
missing:
  file.comment:
    - name: {{ grains.root }}/a
    - regex: ^nothing
ignored:
  file.comment:
    - name: {{ grains.root }}/a
    - regex: ^nothing
    - ignore_missing: True
no_file:
  file.comment:
    - name: {{ grains.root }}/nothing
    - regex: x
