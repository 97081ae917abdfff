a:
  test.nop:
    - state: file
    - fun: managed
