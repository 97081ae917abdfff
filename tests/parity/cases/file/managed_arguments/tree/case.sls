file_mode:
  file.managed:
    - name: {{ grains.root }}/a
    - contents: x
    - file_mode: "0600"
extra:
  file.managed:
    - name: {{ grains.root }}/b
    - source: salt://extra
    - template: jinja
    - color: green
not_made:
  file.managed:
    - name: {{ grains.root }}/c
    - contents: x
    - create: False
owner:
  file.managed:
    - name: {{ grains.root }}/d
    - contents: x
    - owner: root
bad_template:
  file.managed:
    - name: {{ grains.root }}/e
    - source: salt://extra
    - template: nothing
encoded:
  file.managed:
    - name: {{ grains.root }}/f
    - contents: "\u00fc"
    - encoding: latin-1
