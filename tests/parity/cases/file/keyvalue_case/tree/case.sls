ignore_case:
  file.keyvalue:
    - name: {{ grains.root }}/a
    - key: PORT
    - value: 'YES'
    - key_ignore_case: True
    - value_ignore_case: True
twice:
  file.keyvalue:
    - name: {{ grains.root }}/b
    - key: k
    - value: new
    - count: 2
hidden:
  file.keyvalue:
    - name: {{ grains.root }}/c
    - key: k
    - value: new
    - show_changes: False
