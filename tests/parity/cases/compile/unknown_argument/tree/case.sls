odd:
  test.nop:
    - colour: blue
file:
  file.managed:
    - name: {{ grains.root }}/x
    - contents: x
    - no_such_argument: 1
