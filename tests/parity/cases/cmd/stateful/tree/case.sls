changed:
  cmd.run:
    - name: "echo 'working'; echo; echo 'changed=yes comment=\"it did\" version=3'"
    - stateful: True
unchanged:
  cmd.run:
    - name: "echo 'changed=no comment=nothing'"
    - stateful: True
json:
  cmd.run:
    - name: "echo '{\"changed\": true, \"comment\": \"by json\", \"more\": 1}'"
    - stateful: True
