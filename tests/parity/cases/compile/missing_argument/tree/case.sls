link:
  file.symlink:
    - name: {{ grains.root }}/x
