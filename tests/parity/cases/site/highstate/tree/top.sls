base:
  '*': [case]
