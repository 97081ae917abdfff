would_change:
  cmd.run:
    - name: echo 'changed=yes comment=real'
    - stateful:
      - test_name: echo 'changed=yes comment=tried'
would_not_change:
  cmd.run:
    - name: echo 'changed=yes comment=real'
    - stateful:
      - test_name: echo 'changed=no comment=tried'
no_test_name:
  cmd.run:
    - name: echo 'changed=yes comment=real'
    - stateful: True
woken:
  cmd.wait:
    - name: echo 'changed=yes comment=real'
    - stateful:
      - test_name: echo 'changed=yes comment=tried'
    - watch:
      - test: changed
changed:
  test.succeed_with_changes
