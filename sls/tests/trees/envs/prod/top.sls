prod:
  '*':
    - p
  'x':
    - dev: fromdev
    - q
