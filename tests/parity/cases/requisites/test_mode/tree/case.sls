changed:
  test.succeed_with_changes
follows:
  cmd.run:
    - name: echo follows
    - onchanges:
      - test: changed
waits:
  cmd.wait:
    - name: echo waits
    - watch:
      - test: changed
before:
  cmd.run:
    - name: echo before
    - prereq:
      - test: changed
fails:
  test.fail_without_changes
rescue:
  test.nop:
    - onfail:
      - test: fails
needs:
  test.nop:
    - require:
      - test: fails
heard:
  cmd.wait:
    - name: echo heard
    - listen:
      - test: changed
