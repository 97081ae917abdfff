a:
  test.fail_without_changes: []
b:
  cmd.run:
    - name: 'true'
