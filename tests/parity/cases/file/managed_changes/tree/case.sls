diff:
  file.managed:
    - name: {{ grains.root }}/there
    - contents: |
        new line
        same line
        another
mode:
  file.managed:
    - name: {{ grains.root }}/mode
    - mode: "0755"
    - contents: x
kept:
  file.managed:
    - name: {{ grains.root }}/kept
    - contents: theirs
    - replace: False
silent:
  file.managed:
    - name: {{ grains.root }}/silent
    - contents: new
    - show_changes: False
    - backup: minion
