from_base:
  test.nop:
    - name: {{ saltenv }}
