include:
  - tops.*
base:
  '*':
    - a
