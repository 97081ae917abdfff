case:
  file.managed:
    - name: {{ grains.root }}/out
    - source: salt://case/f.jinja
    - template: jinja
    - defaults: {a: 1, b: 2}
    - context: {b: 3, l: [x, y]}
