web:
  pkg: {version: 3}
