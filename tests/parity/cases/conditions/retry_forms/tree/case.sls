until_false:
  test.succeed_without_changes:
    - retry: {attempts: 2, interval: 0, until: False}
no_retry:
  test.fail_without_changes:
    - retry: False
zero:
  test.fail_without_changes:
    - retry: {attempts: 0}
wrong_types:
  test.succeed_without_changes:
    - retry: {attempts: many, interval: soon, until: later, splay: x}
three:
  test.fail_without_changes:
    - retry: {attempts: 3, interval: 0}
