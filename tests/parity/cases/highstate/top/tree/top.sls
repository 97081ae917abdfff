base:
  '*':
    - common
  'nobody*':
    - never
  'roles:web':
    - match: grain
    - web
  'G@tier:front and not G@roles:cache':
    - match: compound
    - front
  'par.ty':
    - match: pcre
    - common
    - web
