base:
  '*':
    - broken
    - list
    - fine
    - missing
