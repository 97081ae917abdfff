users:
  plain:
  full.user:
    home: /srv/full
    admin: True
    group: {name: staff, gid: 50}
    groups: [a, b]
    expire: 16426
    rules: ['ALL=(root) /usr/bin/find', 'ALL=(other) NOPASSWD:ALL']
  later: {uid: 2000, expire: 1735689600}
  gone: {absent: True, purge: True}
