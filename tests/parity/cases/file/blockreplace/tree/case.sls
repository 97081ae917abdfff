content:
  file.blockreplace:
    - name: {{ grains.root }}/a
    - content: new
marked:
  file.blockreplace:
    - name: {{ grains.root }}/b
    - marker_start: "# <"
    - marker_end: "# >"
    - content: |
        first
        second
    - backup: False
empty:
  file.blockreplace:
    - name: {{ grains.root }}/c
    - content: ""
    - backup: .old
