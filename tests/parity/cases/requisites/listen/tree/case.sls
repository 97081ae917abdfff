changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
runs:
  cmd.wait:
    - name: echo at the end
    - listen:
      - test: changed
rests:
  cmd.wait:
    - name: echo never
    - listen:
      - test: same
last:
  test.nop
