target:
  test.nop
other:
  test.succeed_with_changes:
    - require_in:
      - test: target
list_of_ids:
  test.succeed_with_changes:
    - watch_in: [target]
a_dict:
  test.succeed_with_changes:
    - require_in: {test: target}
by_name:
  test.succeed_with_changes:
    - name: named
    - onchanges_in:
      - test: late
late:
  test.nop
