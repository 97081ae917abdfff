one_unknown:
  module.run:
    - test.ping: []
    - no.such: []
two_unknown:
  module.run:
    - no.such: []
    - no.other: []
missing_argument:
  module.run:
    - test.echo: []
one_false:
  module.run:
    - test.false: []
    - test.echo: [after]
dot_beside_no_dot:
  module.run:
    - test.ping: []
    - text: x
