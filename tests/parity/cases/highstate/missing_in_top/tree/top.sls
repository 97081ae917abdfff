base:
  '*':
    - here
    - nowhere
