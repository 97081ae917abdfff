base:
  '*': [one, two]
