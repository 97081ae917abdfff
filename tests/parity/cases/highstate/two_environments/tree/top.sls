base:
  '*': [one]
dev:
  'parity': [two]
