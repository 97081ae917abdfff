base:
  '*':
    - one
    - two
  'nobody':
    - never
  'G@root:/tmp/*':
    - match: compound
    - three
