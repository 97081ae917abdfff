a:
  test.nop:
    - x: {<<: text}
