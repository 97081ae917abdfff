one:
  test.nop:
    - name: {{ saltenv }}
