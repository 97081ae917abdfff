by_name:
  module.run:
    - name: test.echo
    - text: hello
default_kept:
  module.run:
    - name: grains.get
    - key: no:such
    - default: 7
varargs:
  module.run:
    - name: test.arg
    - args: [1, two]
    - kwargs: {three: 3}
id_is_the_function:
  module.run: []
test.ping:
  module.run
