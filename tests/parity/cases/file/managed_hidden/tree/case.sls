hidden:
  file.managed:
    - name: {{ grains.root }}/a
    - contents: new
    - show_changes: False
hidden_source:
  file.managed:
    - name: {{ grains.root }}/b
    - source: salt://new
    - show_changes: False
new_diff:
  file.managed:
    - name: {{ grains.root }}/new
    - contents: new
    - new_file_diff: True
binary:
  file.managed:
    - name: {{ grains.root }}/c
    - source: salt://binary
