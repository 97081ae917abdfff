changed:
  test.succeed_with_changes
broken:
  test.fail_without_changes
mixed:
  test.nop:
    - require:
      - test: changed
    - onchanges:
      - test: changed
    - onfail:
      - test: broken
blocked:
  test.nop:
    - onchanges:
      - test: changed
    - require:
      - test: broken
