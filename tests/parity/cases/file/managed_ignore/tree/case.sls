order:
  file.managed:
    - name: {{ grains.root }}/a
    - contents: [two, one]
    - ignore_ordering: True
comments:
  file.managed:
    - name: {{ grains.root }}/b
    - contents: ["one # new"]
    - ignore_comment_characters: '#'
really:
  file.managed:
    - name: {{ grains.root }}/c
    - contents: [three]
    - ignore_whitespace: True
watcher:
  test.succeed_with_changes:
    - onchanges:
      - file: order
      - file: comments
other:
  test.succeed_with_changes:
    - onchanges:
      - file: really
