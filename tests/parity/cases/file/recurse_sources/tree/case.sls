first:
  file.recurse:
    - name: {{ grains.root }}/first
    - source: [salt://nothing, salt://one, salt://two]
merged:
  file.recurse:
    - name: {{ grains.root }}/merged
    - source: [salt://one, salt://two]
    - merge: True
