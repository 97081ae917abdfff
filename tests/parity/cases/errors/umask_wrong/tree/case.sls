a:
  test.nop:
    - umask: nine
