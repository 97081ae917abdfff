changed:
  test.succeed_with_changes:
    - onchanges_in:
      - test: runs
same:
  test.succeed_without_changes:
    - onchanges_in:
      - test: rests
runs:
  test.nop
rests:
  test.nop
