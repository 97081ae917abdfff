one:
  file.accumulated:
    - filename: {{ grains.root }}/managed
    - name: words
    - text: first
    - require_in:
      - file: managed
two:
  file.accumulated:
    - filename: {{ grains.root }}/managed
    - name: words
    - text: [second, third]
    - require_in:
      - file: managed
managed:
  file.managed:
    - name: {{ grains.root }}/managed
    - source: salt://words
    - template: jinja
block_text:
  file.accumulated:
    - filename: {{ grains.root }}/block
    - name: lines
    - text: from accumulated
    - require_in:
      - file: block
block:
  file.blockreplace:
    - name: {{ grains.root }}/block
    - content: own
    - append_if_not_found: True
    - backup: False
