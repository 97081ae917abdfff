good:
  file.managed:
    - name: {{ grains.root }}/good
    - contents: x
    - check_cmd: grep -q x
bad:
  file.managed:
    - name: {{ grains.root }}/bad
    - contents: x
    - check_cmd: 'sh -c "echo wrong; exit 3"'
