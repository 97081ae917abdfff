pipe:
  file.mknod:
    - name: {{ grains.root }}/pipe
    - ntype: p
    - mode: "0640"
file:
  file.mknod:
    - name: {{ grains.root }}/a
    - ntype: p
unknown:
  file.mknod:
    - name: {{ grains.root }}/x
    - ntype: q
