all_good:
  test.fail_without_changes:
    - check_cmd: ['true', 'true']
one_bad:
  test.succeed_with_changes:
    - check_cmd: ['true', 'false']
after_skip:
  test.succeed_with_changes:
    - unless: 'true'
    - check_cmd: ['false']
