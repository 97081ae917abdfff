tea:
  1: green
  black: [assam, ceylon]
