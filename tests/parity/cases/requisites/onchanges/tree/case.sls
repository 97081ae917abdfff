changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
broken:
  test.fail_with_changes
runs:
  cmd.run:
    - name: echo runs
    - onchanges:
      - test: changed
rests:
  cmd.run:
    - name: echo rests
    - onchanges:
      - test: same
any_of:
  cmd.run:
    - name: echo any
    - onchanges:
      - test: changed
      - test: same
fails:
  cmd.run:
    - name: echo fails
    - onchanges:
      - test: broken
