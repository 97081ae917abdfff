app:
  lookup:
    config: /from/pillar
