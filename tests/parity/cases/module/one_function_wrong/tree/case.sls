missing:
  module.run:
    - name: test.echo
args_no_list:
  module.run:
    - name: test.arg
    - args: x
kwargs_no_dict:
  module.run:
    - name: test.arg
    - kwargs: x
unknown:
  module.run:
    - name: no.such
raises:
  module.run:
    - name: test.exception
    - message: on purpose
