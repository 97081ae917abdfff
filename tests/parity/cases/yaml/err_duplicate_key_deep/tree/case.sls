a:
  test.nop:
    - d:
        k: 1
        k: 2
