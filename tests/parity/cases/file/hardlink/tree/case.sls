link:
  file.hardlink:
    - name: {{ grains.root }}/link
    - target: {{ grains.root }}/a
made:
  file.hardlink:
    - name: {{ grains.root }}/deep/link
    - target: {{ grains.root }}/a
    - makedirs: True
forced:
  file.hardlink:
    - name: {{ grains.root }}/b
    - target: {{ grains.root }}/a
    - force: True
