base:
  '*': [good, data]
