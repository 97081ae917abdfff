one:
  file.keyvalue:
    - name: {{ grains.root }}/a
    - key: Port
    - value: 2222
    - separator: ' '
    - uncomment: '# '
    - append_if_not_found: True
several:
  file.keyvalue:
    - name: {{ grains.root }}/b
    - key_values:
        a: '1'
        c: '3'
    - append_if_not_found: True
prepended:
  file.keyvalue:
    - name: {{ grains.root }}/c
    - key: z
    - value: last
    - prepend_if_not_found: True
