a:
  test.nop:
    - x: |
        one
        two
    - y: 'a
      b'
