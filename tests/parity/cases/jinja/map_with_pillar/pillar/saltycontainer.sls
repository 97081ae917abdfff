saltycontainer:
  target: /from/pillar
  nested: {b: 2}
