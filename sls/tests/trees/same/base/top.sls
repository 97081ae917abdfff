base:
  '*':
    - a
dev:
  '*':
    - fromdev
