bad:
  test.fail_without_changes
later:
  test.succeed_with_changes:
    - require: [{test: bad}]
first:
  test.succeed_with_changes:
    - prereq:
      - test: later
