changed:
  test.succeed_with_changes
waits:
  cmd.wait:
    - name: echo waited
    - watch: [{test: changed}]
runs_anyway:
  cmd.run:
    - name: echo ran
    - watch: [{test: changed}]
skipped:
  cmd.run:
    - name: echo no
    - unless: 'true'
    - watch: [{test: changed}]
