pruned:
  file.keyvalue:
    - name: {{ grains.root }}/a
    - key_values: {a: '1', b: '2'}
    - prune: True
made:
  file.keyvalue:
    - name: {{ grains.root }}/made
    - key: a
    - value: b
    - create_if_missing: True
