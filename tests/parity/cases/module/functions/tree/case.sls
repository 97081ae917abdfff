two:
  module.run:
    - test.echo:
      - text: hello
    - test.ping:
same_twice:
  module.run:
    - test.echo:1:
      - a
    - test.echo:2:
      - b
positional_and_named:
  module.run:
    - test.arg: [1, 2, {a: 3}, {b: [4]}]
name_is_no_matter:
  module.run:
    - name: anything
    - test.echo:
      - here
