who: pillar
text: |
  from pillar
  two lines
