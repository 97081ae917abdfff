a:
  test.fail_without_changes: []
b:
  cmd.run:
    - name: touch {{ grains.root }}/never
    - require: [{test: a}]
c:
  test.nop:
    - unless: 'true'
