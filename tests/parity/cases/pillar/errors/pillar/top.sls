base:
  '*': [good, broken]
