by_name:
  file.tidied:
    - name: {{ grains.root }}/a
    - matches: ['.*\.log$']
by_size:
  file.tidied:
    - name: {{ grains.root }}/b
    - age: 100
    - size: 4
excluded:
  file.tidied:
    - name: {{ grains.root }}/c
    - exclude: ['^keep']
nothing:
  file.tidied:
    - name: {{ grains.root }}/d
    - age: 100
    - age_size_only: age
missing:
  file.tidied:
    - name: {{ grains.root }}/nothing
relative:
  file.tidied:
    - name: nothing
