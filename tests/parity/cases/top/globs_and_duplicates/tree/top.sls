base:
  "*": [a*, b, b]
  "par*": [a1]
