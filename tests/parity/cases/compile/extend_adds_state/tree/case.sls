include: [lib]
extend:
  a:
    file.touch:
      - name: {{ grains.root }}/added
