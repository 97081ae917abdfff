t1:
  test.succeed_with_changes: []
t2:
  test.succeed_without_changes: []
t3:
  test.succeed_without_changes:
    - name: third
src:
  test.succeed_with_changes:
    - require_in:
      - test: t1
      - test: t2
    - watch_in:
      - test: t2
src2:
  test.succeed_without_changes:
    - onchanges_in:
      - test: t3
    - require_in:
      - t1
src3:
  test.fail_without_changes:
    - onfail_in:
      - test: handler
handler:
  test.nop: []
pre:
  test.succeed_with_changes:
    - prereq_in:
      - test: t4
t4:
  test.nop: []
by_name:
  test.nop:
    - require_in:
      - test: third
single:
  test.nop:
    - require_in:
        test: t2
