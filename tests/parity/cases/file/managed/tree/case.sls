contents:
  file.managed:
    - name: {{ grains.root }}/contents
    - contents: some text
    - mode: "0600"
lines:
  file.managed:
    - name: {{ grains.root }}/lines
    - contents:
      - one
      - two
multi:
  file.managed:
    - name: {{ grains.root }}/multi
    - contents: |
        first
          second
source:
  file.managed:
    - name: {{ grains.root }}/source
    - source: salt://files/plain.txt
    - user: root
    - group: root
    - mode: 640
made:
  file.managed:
    - name: {{ grains.root }}/deep/er/made
    - contents: ""
    - makedirs: True
empty:
  file.managed:
    - name: {{ grains.root }}/empty
no_newline:
  file.managed:
    - name: {{ grains.root }}/no_newline
    - contents: x
    - contents_newline: False
