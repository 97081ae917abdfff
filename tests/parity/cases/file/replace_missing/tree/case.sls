missing:
  file.replace:
    - name: {{ grains.root }}/nothing
    - pattern: a
    - repl: b
ignored:
  file.replace:
    - name: {{ grains.root }}/nothing
    - pattern: a
    - repl: b
    - ignore_if_missing: True
relative:
  file.replace:
    - name: nothing
    - pattern: a
    - repl: b
