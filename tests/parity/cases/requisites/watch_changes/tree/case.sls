changed:
  test.succeed_with_changes
same:
  test.succeed_without_changes
fires:
  test.nop:
    - watch: [{test: changed}]
rests:
  test.nop:
    - watch: [{test: same}]
already:
  test.succeed_with_changes:
    - watch: [{test: changed}]
no_mod_watch:
  file.touch:
    - name: {{ grains.root }}/touched
    - watch: [{test: changed}]
