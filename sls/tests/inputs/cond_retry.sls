r1:
  test.fail_without_changes:
    - retry: {attempts: 3, interval: 0}
r2:
  test.succeed_without_changes:
    - retry: {attempts: 3, interval: 0}
r3:
  test.succeed_without_changes:
    - retry: {attempts: 2, interval: 0, until: false}
r4:
  test.fail_without_changes:
    - retry: false
