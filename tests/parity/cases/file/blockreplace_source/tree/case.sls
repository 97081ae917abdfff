template:
  file.blockreplace:
    - name: {{ grains.root }}/a
    - source: salt://block
    - context: {port: 80}
    - append_if_not_found: True
    - backup: False
