one:
  test.succeed_with_changes:
    - name: the name
two:
  test.nop:
    - require:
      - test: the name
three:
  test.nop:
    - watch:
      - the name
