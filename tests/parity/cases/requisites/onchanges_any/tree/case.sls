changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
runs:
  test.nop:
    - onchanges_any:
      - test: same
      - test: changed
rests:
  test.nop:
    - onchanges_any:
      - test: same
