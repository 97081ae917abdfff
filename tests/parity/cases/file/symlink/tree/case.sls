new:
  file.symlink:
    - name: {{ grains.root }}/link
    - target: {{ grains.root }}/target
parents:
  file.symlink:
    - name: {{ grains.root }}/sub/link
    - target: ../target
    - makedirs: True
no_parent:
  file.symlink:
    - name: {{ grains.root }}/nope/link
    - target: ../target
busy:
  file.symlink:
    - name: {{ grains.root }}/busy
    - target: target
forced:
  file.symlink:
    - name: {{ grains.root }}/forced
    - target: target
    - force: True
moved:
  file.symlink:
    - name: {{ grains.root }}/link
    - target: {{ grains.root }}/busy
    - require:
      - file: new
