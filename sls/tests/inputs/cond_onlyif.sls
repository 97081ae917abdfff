o1:
  test.nop: [{onlyif: "true"}]
o2:
  test.nop: [{onlyif: "false"}]
o3:
  test.nop: [{onlyif: ["true", "false"]}]
o4:
  test.nop: [{onlyif: ["true", "exit 0"]}]
o5:
  test.nop: [{onlyif: [{fun: test.true}]}]
o6:
  test.nop: [{onlyif: [{fun: test.echo, args: [""]}]}]
o7:
  test.nop: [{onlyif: [5]}]
both:
  test.nop:
    - onlyif: "true"
    - unless: "true"
neither:
  test.nop:
    - onlyif: "false"
    - unless: "false"
cwd:
  test.nop:
    - onlyif: test "$PWD" = /tmp
    - cwd: /tmp
skips_watch:
  test.succeed_without_changes:
    - onlyif: "false"
    - watch: [{test: changed}]
changed:
  test.succeed_with_changes: []
