text:
  file.append:
    - name: {{ grains.root }}/a
    - text: |
        first
        second
spaced:
  file.append:
    - name: {{ grains.root }}/b
    - text: "a   b"
exact:
  file.append:
    - name: {{ grains.root }}/c
    - text: "a   b"
    - ignore_whitespace: False
new:
  file.append:
    - name: {{ grains.root }}/new
    - text: x
