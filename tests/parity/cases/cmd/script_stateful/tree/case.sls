changes:
  cmd.script:
    - source: salt://chg.sh
    - stateful: True
tried:
  cmd.script:
    - name: salt://chg.sh
    - stateful:
      - test_name: salt://try.sh
woken:
  cmd.wait_script:
    - source: salt://chg.sh
    - stateful: True
    - watch:
      - test: changed
asleep:
  cmd.wait_script:
    - source: salt://chg.sh
changed:
  test.succeed_with_changes
