a:
  test.nop:
    - x: {{ salt['no.such']('y') }}
