base:
  "*": [a, ""]
  "par*": a
