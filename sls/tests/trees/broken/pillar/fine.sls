include:
  - nowhere
fine: true
