base:
  '*': [broken]
