include:
  - two
  - three:
      key: under:here
      defaults: {who: you}
  - .four
v: one
