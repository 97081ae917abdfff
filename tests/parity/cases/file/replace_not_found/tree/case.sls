append:
  file.replace:
    - name: {{ grains.root }}/a
    - pattern: ^new = .*$
    - repl: new = 1
    - append_if_not_found: True
prepend:
  file.replace:
    - name: {{ grains.root }}/b
    - pattern: ^new = .*$
    - repl: new = 1
    - prepend_if_not_found: True
    - backup: False
other:
  file.replace:
    - name: {{ grains.root }}/c
    - pattern: ^new = .*$
    - repl: new = 1
    - append_if_not_found: True
    - not_found_content: "# nothing"
    - backup: False
no_newline:
  file.replace:
    - name: {{ grains.root }}/d
    - pattern: ^new = .*$
    - repl: new = 1
    - append_if_not_found: True
    - backup: False
