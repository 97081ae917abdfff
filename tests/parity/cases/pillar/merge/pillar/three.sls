app:
  nested: {c: {{ grains.id }}}
three: {{ pillar is defined }}
