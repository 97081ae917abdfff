a:
  test.nop:
    - name: b

c:
  test.nop:
    - name: {{ nothing }}
