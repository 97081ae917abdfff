base:
  'p:q':
    - match: pillar
    - pillar
  'p:Q*':
    - match: pillar
    - pillar_case
  'p:^q$':
    - match: pillar_pcre
    - pillar_pcre
  's:t':
    - match: pillar_exact
    - pillar_exact
  's:t*':
    - match: pillar_exact
    - not_exact
  'l:b':
    - match: pillar
    - in_list
  'd:*:x':
    - match: pillar
    - wildcard
  'I@p:q and not I@p:r': [compound]
  'J@p:[qr]': [compound_pcre]
