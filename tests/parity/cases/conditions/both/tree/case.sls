one:
  test.succeed_with_changes:
    - onlyif: "true"
    - unless: "true"
two:
  test.succeed_with_changes:
    - onlyif: "false"
    - unless: "false"
three:
  test.succeed_with_changes:
    - onlyif: "true"
    - unless: "false"
