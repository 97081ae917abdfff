function:
  test.configurable_test_state:
    - changes: False
    - comment: __slot__:salt:test.echo(from a slot)
keywords:
  test.configurable_test_state:
    - changes: False
    - comment: __slot__:salt:test.echo(text=by name)
in_env:
  cmd.run:
    - name: echo "$A"
    - env:
      - A: __slot__:salt:test.echo(slotted)
name:
  cmd.run:
    - name: __slot__:salt:test.echo(echo a name)
key_of_result:
  test.configurable_test_state:
    - changes: False
    - comment: __slot__:salt:cmd.run_all(pwd, cwd=/usr).stdout
appended:
  test.configurable_test_state:
    - changes: False
    - comment: __slot__:salt:test.echo(one) ~ /two
unknown_function:
  test.configurable_test_state:
    - changes: False
    - comment: __slot__:salt:no.such(x)
no_slot:
  test.configurable_test_state:
    - changes: False
    - comment: __slot__:nothing
module:
  module.run:
    - test.echo:
      - text: __slot__:salt:test.echo(nested)
