orphan:
  file.accumulated:
    - filename: {{ grains.root }}/x
    - text: a
no_text:
  file.accumulated:
    - filename: {{ grains.root }}/x
    - text:
    - require_in:
      - file: x
x:
  file.managed:
    - name: {{ grains.root }}/x
    - contents: y
