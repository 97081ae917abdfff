not_found:
  file.blockreplace:
    - name: {{ grains.root }}/a
    - content: x
unterminated:
  file.blockreplace:
    - name: {{ grains.root }}/b
    - content: x
both:
  file.blockreplace:
    - name: {{ grains.root }}/a
    - content: x
    - append_if_not_found: True
    - prepend_if_not_found: True
missing:
  file.blockreplace:
    - name: {{ grains.root }}/nothing
    - content: x
sources:
  file.blockreplace:
    - name: {{ grains.root }}/a
    - source: salt://x
    - sources: [salt://y]
