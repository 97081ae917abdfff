made:
  file.line:
    - name: {{ grains.root }}/made
    - content: x
    - mode: insert
    - location: end
    - create: True
    - file_mode: "0600"
