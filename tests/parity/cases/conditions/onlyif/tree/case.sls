runs:
  cmd.run:
    - name: echo runs
    - onlyif: "true"
rests:
  cmd.run:
    - name: echo rests
    - onlyif: "false"
one_false:
  cmd.run:
    - name: echo rests
    - onlyif:
      - "true"
      - "false"
other_state:
  test.fail_without_changes:
    - onlyif: "test -f /"
