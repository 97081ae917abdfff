one:
  test.nop:
    - name: {{ nobody }}
