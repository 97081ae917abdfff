header:
  file.prepend:
    - name: {{ grains.root }}/a
    - text: one
    - header: True
hidden:
  file.prepend:
    - name: {{ grains.root }}/b
    - text: zero
    - show_changes: False
