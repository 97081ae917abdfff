extend:
  nobody:
    test:
      - name: x
here:
  test.nop
