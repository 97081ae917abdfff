my/tag:
  event.send:
    - data: {x: 1}
unseen:
  event.send:
    - name: foo
    - show_changed: False
    - data: {y: 2}
woken:
  event.wait:
    - name: foo
    - watch:
      - test: changed
asleep:
  event.wait:
    - name: foo
alias:
  event.fire_master:
    - name: x
changed:
  test.succeed_with_changes
