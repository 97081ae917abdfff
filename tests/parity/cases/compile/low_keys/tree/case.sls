a:
  test.configurable_test_state:
    - result: True
    - changes: False
    - comment: c
    - aggregate: True
    - parallel: False
    - fire_event: True
    - reload_modules: True
    - saltenv: base
    - failhard: False
    - retry: {attempts: 2}
