a:
  test.nop:
    - name: {{ 1 + 'a' }}
