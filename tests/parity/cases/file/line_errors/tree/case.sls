no_mode:
  file.line:
    - name: {{ grains.root }}/a
    - content: x
no_content:
  file.line:
    - name: {{ grains.root }}/a
    - mode: ensure
    - after: one
no_file:
  file.line:
    - name: {{ grains.root }}/nothing
    - content: x
    - mode: ensure
    - after: one
relative:
  file.line:
    - name: nothing
    - content: x
    - mode: ensure
