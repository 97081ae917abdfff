a:
  test.nop:
    - name: {{ a $ b }}
