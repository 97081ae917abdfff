plain:
  file.rename:
    - name: {{ grains.root }}/renamed
    - source: {{ grains.root }}/a
there:
  file.rename:
    - name: {{ grains.root }}/b
    - source: {{ grains.root }}/c
forced:
  file.rename:
    - name: {{ grains.root }}/d
    - source: {{ grains.root }}/e
    - force: True
made:
  file.rename:
    - name: {{ grains.root }}/deep/f
    - source: {{ grains.root }}/f
    - makedirs: True
no_dir:
  file.rename:
    - name: {{ grains.root }}/no/g
    - source: {{ grains.root }}/g
link:
  file.rename:
    - name: {{ grains.root }}/link2
    - source: {{ grains.root }}/link
relative:
  file.rename:
    - name: x
    - source: {{ grains.root }}/g
