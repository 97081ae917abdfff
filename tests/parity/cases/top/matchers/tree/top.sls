base:
  'parity': [glob]
  'par*': [star]
  'no*': [not_this]
  'p[a-c]r?ty': [classes]
  'par(i|o)ty':
    - match: pcre
    - pcre
  'other,parity':
    - match: list
    - list
  'role:web':
    - match: grain
    - grain
  'role:d*':
    - match: grain
    - not_grain
  'deep:er:*':
    - match: grain
    - grain_deep
  'role:^w':
    - match: grain_pcre
    - grain_pcre
  'p:q':
    - match: pillar
    - pillar
  'p:Q*':
    - match: pillar
    - pillar_case
  'p:^q$':
    - match: pillar_pcre
    - pillar_pcre
  'p:q*':
    - match: pillar_exact
    - not_exact
  'p:q ':
    - match: pillar_exact
    - not_exact2
  'G@role:web and not E@x.*':
    - match: compound
    - compound
  'I@p:q and L@parity,x':
    - compound_default
  'web':
    - match: nodegroup
    - nodegroup
  'nested':
    - match: nodegroup
    - nodegroup_nested
  'N@web':
    - nodegroup_compound
  '127.0.0.0/8':
    - match: ipcidr
    - ipcidr
  '10.99.0.0/16':
    - match: ipcidr
    - not_ipcidr
