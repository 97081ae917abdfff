global:
  test.nop:
    - name: {{ ifelse('only') }} {{ ifelse('db*', 'db', 'G@role:web', 'web', 'none') }} {{ ifelse('db*', 'db', 'none') }}
