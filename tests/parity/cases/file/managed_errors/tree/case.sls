missing_source:
  file.managed:
    - name: {{ grains.root }}/a
    - source: salt://no/such/file
missing_parent:
  file.managed:
    - name: {{ grains.root }}/no/parent
    - contents: x
relative:
  file.managed:
    - name: relative/path
    - contents: x
directory:
  file.managed:
    - name: {{ grains.root }}/a_dir
    - contents: x
wrong_hash:
  file.managed:
    - name: {{ grains.root }}/hash
    - source: salt://data.txt
    - source_hash: sha256=0000000000000000000000000000000000000000000000000000000000000000
no_user:
  file.managed:
    - name: {{ grains.root }}/user
    - contents: x
    - user: no-such-user
check_cmd:
  file.managed:
    - name: {{ grains.root }}/checked
    - contents: x
    - check_cmd: "false"
