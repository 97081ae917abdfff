include:
  - srv
