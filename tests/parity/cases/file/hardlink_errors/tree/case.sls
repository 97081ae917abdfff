no_target:
  file.hardlink:
    - name: {{ grains.root }}/x
    - target: {{ grains.root }}/nothing
in_the_way:
  file.hardlink:
    - name: {{ grains.root }}/b
    - target: {{ grains.root }}/a
dir:
  file.hardlink:
    - name: {{ grains.root }}/x
    - target: {{ grains.root }}
relative:
  file.hardlink:
    - name: x
    - target: y
no_dir:
  file.hardlink:
    - name: {{ grains.root }}/no/x
    - target: {{ grains.root }}/a
