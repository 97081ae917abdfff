base:
  'x':
    - a
    - d
