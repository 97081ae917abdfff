one:
  test.nop:
    - name: {{ 1 + }}
