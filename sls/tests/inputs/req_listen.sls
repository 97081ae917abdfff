changed:
  test.succeed_with_changes: []
same:
  test.succeed_without_changes: []
l1:
  test.succeed_without_changes:
    - listen:
      - test: changed
l2:
  test.succeed_without_changes:
    - listen:
      - test: same
l3:
  test.succeed_without_changes:
    - listen:
      - changed
l4:
  test.succeed_without_changes:
    - listen:
      - test: missing
li:
  test.succeed_with_changes:
    - listen_in:
      - test: l2
named:
  test.succeed_without_changes:
    - names: [n1, n2]
    - listen: [{test: changed}]
