fine:
  test.nop
unknown_function:
  test.no_such_function
unknown_module:
  nomodule.present:
    - name: x
after:
  test.nop:
    - require:
      - test: unknown_function
