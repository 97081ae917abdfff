changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
run_woken_too:
  cmd.run:
    - name: echo ran
    - watch:
      - test: changed
run_not_woken:
  cmd.run:
    - name: echo ran
    - watch:
      - test: same
watch_is_wait:
  cmd.watch:
    - name: echo woken
    - watch:
      - test: changed
wait_without:
  cmd.wait:
    - name: echo asleep
script:
  cmd.script:
    - source: salt://t.sh
    - watch:
      - test: changed
call_without_func:
  cmd.wait_call:
    - func: ''
    - watch:
      - test: changed
