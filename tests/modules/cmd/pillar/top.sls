base:
  '*': [given]
