start:
  file.line:
    - name: {{ grains.root }}/a
    - content: top
    - location: start
    - mode: insert
end:
  file.line:
    - name: {{ grains.root }}/b
    - content: bottom
    - location: end
    - mode: insert
indented:
  file.line:
    - name: {{ grains.root }}/c
    - content: "x: 1"
    - after: "y:"
    - mode: insert
plain:
  file.line:
    - name: {{ grains.root }}/d
    - content: "x: 1"
    - after: "y:"
    - mode: insert
    - indent: False
