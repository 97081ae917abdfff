nothing:
  file.keyvalue:
    - name: {{ grains.root }}/a
both:
  file.keyvalue:
    - name: {{ grains.root }}/a
    - key: a
    - value: b
    - key_values: {c: d}
no_dict:
  file.keyvalue:
    - name: {{ grains.root }}/a
    - key_values: [a]
missing:
  file.keyvalue:
    - name: {{ grains.root }}/nothing
    - key: a
    - value: b
ignored:
  file.keyvalue:
    - name: {{ grains.root }}/nothing
    - key: a
    - value: b
    - ignore_if_missing: True
