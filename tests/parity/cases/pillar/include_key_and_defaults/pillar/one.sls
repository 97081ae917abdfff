include:
  - inc.a:
      defaults: {d: 5}
      key: k:l
  - inc.b
  - .near
  - users:
      key: users
own: 1
