base:
  '*':
    - a
    - b.*
  'nobody':
    - never
  'os:Debian':
    - match: grain
    - c
  'x,y':
    - match: list
    - d
