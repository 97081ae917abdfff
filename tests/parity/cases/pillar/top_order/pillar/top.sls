base:
  "*":
    - order: 2
    - one
  "par*":
    - order: "1"
    - two
