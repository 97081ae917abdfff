changed:
  cmd.run:
    - name: echo '{"changed":true,"comment":"j","foo":[1]}'
    - stateful: True
not_changed:
  cmd.run:
    - name: echo '{"changed":"no","comment":"j"}'
    - stateful: True
empty:
  cmd.run:
    - name: echo '{}'
    - stateful: True
list:
  cmd.run:
    - name: echo '[1]'
    - stateful: True
number:
  cmd.run:
    - name: echo 3
    - stateful: True
over_lines:
  cmd.run:
    - name: printf '{\n"changed"; "yes"\n}\n' | tr ';' ':'
    - stateful: True
