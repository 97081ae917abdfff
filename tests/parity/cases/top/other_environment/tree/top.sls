base:
  "*":
    - a
    - dev: c
    - nope: c
