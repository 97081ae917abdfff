base:
  '*':
    - ignored
dev:
  '*':
    - alsoignored
prod:
  '*':
    - ignored
