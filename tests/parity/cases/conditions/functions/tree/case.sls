by_function:
  test.succeed_with_changes:
    - onlyif:
      - fun: test.true
by_function_not:
  test.succeed_with_changes:
    - onlyif:
      - fun: test.false
unless_function:
  test.succeed_with_changes:
    - unless:
      - fun: file.file_exists
        path: /etc/passwd
with_args:
  test.succeed_with_changes:
    - onlyif:
      - fun: file.directory_exists
        args:
          - /nowhere
value_from_return:
  test.succeed_with_changes:
    - onlyif:
      - fun: test.kwarg
        key: value
        get_return: key
