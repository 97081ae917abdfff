simple:
  file.directory:
    - name: {{ grains.root }}/simple
deep:
  file.directory:
    - name: {{ grains.root }}/a/b/c
    - makedirs: True
    - mode: "0750"
no_parent:
  file.directory:
    - name: {{ grains.root }}/no/parent
recurse:
  file.directory:
    - name: {{ grains.root }}/there
    - dir_mode: 700
    - file_mode: 600
    - recurse:
      - mode
over_file:
  file.directory:
    - name: {{ grains.root }}/a_file
several:
  file.directory:
    - names:
      - {{ grains.root }}/one
      - {{ grains.root }}/two
    - user: root
    - group: root
    - mode: 711
