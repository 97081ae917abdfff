one:
  test.nop:
    - name: {{ salt['no.such']() }}
