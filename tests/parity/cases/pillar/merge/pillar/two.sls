app:
  nested:
    b: 2
    deep: [z]
  scalar: two
