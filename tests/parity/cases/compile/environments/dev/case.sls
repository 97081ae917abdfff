from_dev:
  test.nop:
    - name: {{ saltenv }}
