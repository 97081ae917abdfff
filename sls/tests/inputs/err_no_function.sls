a:
  test:
    - name: x
b:
  test:
    - nop
    - succeed_with_changes
c:
  test.nop:
    - succeed_with_changes
d:
  test:
    - nop with spaces
