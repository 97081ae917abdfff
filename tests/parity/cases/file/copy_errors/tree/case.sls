no_source:
  file.copy:
    - name: {{ grains.root }}/x
    - source: {{ grains.root }}/nothing
no_dir:
  file.copy:
    - name: {{ grains.root }}/no/x
    - source: {{ grains.root }}/a
relative:
  file.copy:
    - name: x
    - source: {{ grains.root }}/a
no_user:
  file.copy:
    - name: {{ grains.root }}/x
    - source: {{ grains.root }}/a
    - user: nobody-here
