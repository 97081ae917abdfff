include:
  - app.conf
  - app.again
