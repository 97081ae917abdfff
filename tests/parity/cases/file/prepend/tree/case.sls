text:
  file.prepend:
    - name: {{ grains.root }}/a
    - text:
        - first
        - second
there:
  file.prepend:
    - name: {{ grains.root }}/b
    - text: one
source:
  file.prepend:
    - name: {{ grains.root }}/c
    - source: salt://lines
    - context: {x: 5}
new:
  file.prepend:
    - name: {{ grains.root }}/dir/new
    - text: x
    - makedirs: True
no_dir:
  file.prepend:
    - name: {{ grains.root }}/other/new
    - text: x
