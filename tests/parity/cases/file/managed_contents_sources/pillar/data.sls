app:
  text: from pillar
  more: more
