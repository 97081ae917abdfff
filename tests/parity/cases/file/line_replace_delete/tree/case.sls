replace:
  file.line:
    - name: {{ grains.root }}/a
    - match: ^port
    - content: port = 81
    - mode: replace
delete:
  file.line:
    - name: {{ grains.root }}/b
    - match: ^port
    - mode: delete
delete_by_content:
  file.line:
    - name: {{ grains.root }}/c
    - content: gone
    - mode: delete
hidden:
  file.line:
    - name: {{ grains.root }}/d
    - match: ^port
    - content: port = 82
    - mode: replace
    - show_changes: False
