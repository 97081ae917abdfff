include: [lib]
extend:
  the name:
    test:
      - comment: extended
