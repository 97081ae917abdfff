salt:
  file.managed:
    - name: {{ grains.root }}/salt
    - source: salt://script
    - mode: keep
path:
  file.managed:
    - name: {{ grains.root }}/path
    - source: {{ grains.root }}/a
    - mode: keep
contents:
  file.managed:
    - name: {{ grains.root }}/x
    - contents: x
    - mode: keep
made:
  file.managed:
    - name: {{ grains.root }}/deep/er/x
    - contents: x
    - makedirs: True
    - mode: "0640"
dir_mode:
  file.managed:
    - name: {{ grains.root }}/other/er/x
    - contents: x
    - makedirs: True
    - dir_mode: "0700"
