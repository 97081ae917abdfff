base:
  "*": [one]
  "y:yes":
    - match: pillar
    - two
