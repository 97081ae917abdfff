a:
  test.nop:
    - x: !!python/tuple [1]
