modes:
  file.directory:
    - name: {{ grains.root }}/a
    - dir_mode: "0750"
    - file_mode: "0640"
    - recurse: [mode]
dirs_only:
  file.directory:
    - name: {{ grains.root }}/b
    - mode: "0700"
    - recurse: [mode, ignore_files]
silent:
  file.directory:
    - name: {{ grains.root }}/c
    - mode: "0700"
    - recurse: [mode, silent]
shallow:
  file.directory:
    - name: {{ grains.root }}/d
    - dir_mode: "0700"
    - recurse: [mode]
    - max_depth: 1
children:
  file.directory:
    - name: {{ grains.root }}/e
    - dir_mode: "0700"
    - recurse: [mode]
    - children_only: True
