a:
  test.nop:
    - name: {{ 'x' | dictsrt }}
