insensitive:
  file.replace:
    - name: {{ grains.root }}/a
    - pattern: HOST
    - repl: name
    - flags: [IGNORECASE, MULTILINE]
    - backup: False
over_lines:
  file.replace:
    - name: {{ grains.root }}/b
    - pattern: begin.*end
    - repl: gone
    - flags: [DOTALL]
    - backup: False
hidden:
  file.replace:
    - name: {{ grains.root }}/c
    - pattern: one
    - repl: two
    - show_changes: False
    - backup: False
