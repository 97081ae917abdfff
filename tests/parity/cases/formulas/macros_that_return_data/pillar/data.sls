git:
  default: {update: True}
  prod: {base: [/a, /b]}
