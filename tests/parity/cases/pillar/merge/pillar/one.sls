app:
  nested:
    a: 1
    deep: [x, y]
  list:
    - name: first
  scalar: one
