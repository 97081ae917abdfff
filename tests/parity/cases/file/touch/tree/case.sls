new:
  file.touch:
    - name: {{ grains.root }}/new
deep:
  file.touch:
    - name: {{ grains.root }}/a/b
    - makedirs: True
no_parent:
  file.touch:
    - name: {{ grains.root }}/no/parent
