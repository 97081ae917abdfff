one:
  test.nop:
    - name: {{ salt['test.exception']('on purpose') }}
