base:
  '*': [tea]
