second_time:
  cmd.run:
    - name: test -e {{ grains.root }}/tried || { touch {{ grains.root }}/tried; exit 1; }
    - retry:
        attempts: 3
        interval: 1
never:
  test.fail_without_changes:
    - retry:
        attempts: 2
        interval: 1
at_once:
  test.nop:
    - retry: True
