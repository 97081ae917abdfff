plain:
  file.copy:
    - name: {{ grains.root }}/copied
    - source: {{ grains.root }}/a
there:
  file.copy:
    - name: {{ grains.root }}/b
    - source: {{ grains.root }}/a
forced:
  file.copy:
    - name: {{ grains.root }}/c
    - source: {{ grains.root }}/a
    - force: True
into:
  file.copy:
    - name: {{ grains.root }}/dir
    - source: {{ grains.root }}/a
    - subdir: True
made:
  file.copy:
    - name: {{ grains.root }}/deep/er/a
    - source: {{ grains.root }}/a
    - makedirs: True
    - mode: "0600"
tree:
  file.copy:
    - name: {{ grains.root }}/dir2
    - source: {{ grains.root }}/dir
