base:
  "*":
    - ignore_missing: true
    - one
    - missing
  "par*": [gone]
