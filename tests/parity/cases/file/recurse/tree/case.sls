plain:
  file.recurse:
    - name: {{ grains.root }}/plain
    - source: salt://files
moded:
  file.recurse:
    - name: {{ grains.root }}/moded
    - source: salt://files
    - dir_mode: "0750"
    - file_mode: "0600"
template:
  file.recurse:
    - name: {{ grains.root }}/template
    - source: salt://templates
    - template: jinja
    - context: {x: 5}
