plain:
  file.replace:
    - name: {{ grains.root }}/a
    - pattern: ^(host) = .*$
    - repl: \1 = new
    - backup: False
counted:
  file.replace:
    - name: {{ grains.root }}/b
    - pattern: x
    - repl: y
    - count: 1
    - backup: .old
literal:
  file.replace:
    - name: {{ grains.root }}/c
    - pattern: path
    - repl: C:\temp
    - backslash_literal: True
    - backup: False
nothing:
  file.replace:
    - name: {{ grains.root }}/a
    - pattern: not there
    - repl: x
