first:
  note.present:
    - name: {{ grains.root }}/first
    - text: hello
    - mode: '0640'
    - lines:
      - one
      - two
second:
  note.through:
    - name: {{ grains.root }}/second
    - text: by another
    - require:
      - note: first
woken:
  note.present:
    - name: {{ grains.root }}/woken
    - text: here
    - watch:
      - note: second
gone:
  note.absent:
    - name: {{ grains.root }}/none
numbers:
  note.numbers: []
more:
  note.more: []
after:
  test.nop:
    - onchanges:
      - note: first
several:
  note.present:
    - names:
      - {{ grains.root }}/a
      - {{ grains.root }}/b:
        - text: its own
    - text: the same
