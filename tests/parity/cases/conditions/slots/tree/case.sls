text:
  test.show_notification:
    - text: __slot__:salt:test.echo(hello)
appended:
  test.show_notification:
    - text: __slot__:salt:test.echo(hello) ~ , world
path:
  test.show_notification:
    - text: __slot__:salt:test.arg(key="deep").kwargs.key
malformed:
  test.show_notification:
    - text: __slot__:other:test.echo(hello)
unknown:
  test.show_notification:
    - text: __slot__:salt:no.such(hello)
