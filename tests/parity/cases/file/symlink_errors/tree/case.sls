file:
  file.symlink:
    - name: {{ grains.root }}/a
    - target: /tmp
no_dir:
  file.symlink:
    - name: {{ grains.root }}/no/x
    - target: /tmp
relative:
  file.symlink:
    - name: x
    - target: /tmp
no_user:
  file.symlink:
    - name: {{ grains.root }}/x
    - target: /tmp
    - user: nobody-here
    - group: nogroup-here
backup:
  file.symlink:
    - name: {{ grains.root }}/b
    - target: /tmp
    - backupname: b.old
forced:
  file.symlink:
    - name: {{ grains.root }}/c
    - target: /tmp
    - force: True
