retcode:
  module.run:
    - cmd.run_all:
      - cmd: exit 3
      - python_shell: True
retcode_in_old_form:
  module.run:
    - name: cmd.run_all
    - cmd: exit 3
    - python_shell: True
number:
  module.run:
    - name: cmd.retcode
    - cmd: 'false'
false_in_old_form:
  module.run:
    - name: test.false
nested_result:
  module.run:
    - name: test.echo
    - text: {a: {result: false}}
nested_in_list:
  module.run:
    - name: test.echo
    - text: [{result: false}]
comment_of_a_dict:
  module.run:
    - test.echo:
      - {text: {comment: said so, result: true}}
