a: b
c:
  - d
e: 5
