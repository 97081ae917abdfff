changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
old_form:
  module.wait:
    - name: test.echo
    - text: woken
    - watch:
      - test: changed
not_woken:
  module.wait:
    - name: test.echo
    - text: asleep
    - watch:
      - test: same
no_watch:
  module.wait:
    - name: test.echo
    - text: asleep
run_with_watch:
  module.run:
    - name: test.echo
    - text: ran
    - watch:
      - test: changed
