exists:
  file.exists:
    - name: {{ grains.root }}/a
exists_not:
  file.exists:
    - name: {{ grains.root }}/nothing
missing:
  file.missing:
    - name: {{ grains.root }}/nothing
missing_not:
  file.missing:
    - name: {{ grains.root }}/a
dir:
  file.exists:
    - name: {{ grains.root }}
