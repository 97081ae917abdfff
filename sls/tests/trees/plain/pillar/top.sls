base:
  '*':
    - common
    - deep.*
  'nobody':
    - secret
  'os:Debian':
    - match: grain
    - debian
