k1:
  test.fail_without_changes: [{check_cmd: "true"}]
k2:
  test.succeed_with_changes: [{check_cmd: ["true", "false"]}]
k3:
  test.succeed_with_changes: [{check_cmd: ["true"]}]
after:
  test.nop:
    - require: [{test: k2}]
