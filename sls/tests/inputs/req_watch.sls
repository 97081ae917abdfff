changed:
  test.succeed_with_changes: []
same:
  test.succeed_without_changes: []
w1:
  test.succeed_without_changes:
    - watch:
      - test: changed
      - test: same
w2:
  test.succeed_without_changes:
    - watch:
      - test: same
w3:
  test.succeed_with_changes:
    - watch:
      - test: changed
no_mod_watch:
  file.exists:
    - name: /
    - watch:
      - test: changed
    - require:
      - test: same
bad:
  test.fail_with_changes: []
w4:
  test.succeed_without_changes:
    - watch:
      - test: bad
