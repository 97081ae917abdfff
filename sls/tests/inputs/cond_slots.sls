s1:
  test.show_notification:
    - text: __slot__:salt:test.echo(hello)
s2:
  test.show_notification:
    - text: __slot__:salt:test.echo("a b") ~ /more
s3:
  test.show_notification:
    - text: __slot__:salt:test.arg(x, k=deep).kwargs.k
s4:
  test.show_notification:
    - text: "__slot__:salt:nope.nope(x)"
