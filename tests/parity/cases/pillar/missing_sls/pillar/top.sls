base:
  '*': [nowhere]
