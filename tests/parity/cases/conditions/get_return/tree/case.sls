path:
  test.fail_without_changes:
    - unless:
      - fun: test.arg
        args: [a]
        key: value
        get_return: kwargs:key
no_path:
  test.nop:
    - unless:
      - fun: test.arg
        get_return: kwargs:key
echo:
  test.nop:
    - onlyif:
      - fun: test.echo
        text: words
