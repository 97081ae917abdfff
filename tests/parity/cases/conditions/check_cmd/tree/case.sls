passes:
  cmd.run:
    - name: echo hello
    - check_cmd:
      - "true"
fails:
  cmd.run:
    - name: echo hello
    - check_cmd:
      - "false"
