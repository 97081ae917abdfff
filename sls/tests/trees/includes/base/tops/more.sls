base:
  '*x':
    - b
