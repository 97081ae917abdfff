changed:
  test.succeed_with_changes:
    - listen_in:
      - cmd: runs
runs:
  cmd.wait:
    - name: echo at the end
last:
  test.nop
