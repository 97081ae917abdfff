base:
  '*': [one]
  'x':
    - order: -1
    - two
  'x*':
    - ignore_missing: true
    - not.there
