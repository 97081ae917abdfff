file:
  file.absent:
    - name: {{ grains.root }}/file
dir:
  file.absent:
    - name: {{ grains.root }}/dir
never:
  file.absent:
    - name: {{ grains.root }}/never
relative:
  file.absent:
    - name: not/absolute
