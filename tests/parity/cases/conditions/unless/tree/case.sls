runs:
  cmd.run:
    - name: echo runs
    - unless: "false"
rests:
  cmd.run:
    - name: echo rests
    - unless: "true"
all_true:
  cmd.run:
    - name: echo rests
    - unless:
      - "true"
      - "true"
one_false:
  cmd.run:
    - name: echo runs
    - unless:
      - "true"
      - "false"
other_state:
  test.succeed_with_changes:
    - unless: "test -d /"
