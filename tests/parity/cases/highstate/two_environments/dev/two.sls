two:
  test.nop:
    - name: {{ saltenv }}
