web:
  user: other
  lookup: {pkg: {version: '2.0'}}
