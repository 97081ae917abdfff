scalars:
  test.show_notification:
    - text: x
octal:
  file.managed:
    - name: {{ grains.root }}/octal
    - mode: 0640
    - contents: 0640
bools:
  file.managed:
    - name: {{ grains.root }}/bools
    - contents: {{ [True, None, 1.5, 'x'] }}
words:
  file.managed:
    - name: {{ grains.root }}/words
    - contents:
      - yes
      - No
      - on
      - 1:30
      - 1e3
      - 0x1f
      - 2001-01-01
      - ~
      - 1_000
      - .5
      - "quoted"
