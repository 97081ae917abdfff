too_long:
  cmd.run:
    - name: sleep 30
    - timeout: 1
    - ignore_timeout: True
fails_otherwise:
  cmd.run:
    - name: exit 2
    - timeout: 20
    - ignore_timeout: True
