as_string: test.nop
old_style:
  test:
    - nop
list_args:
  test.nop: []
name_given:
  test.nop:
    - name: another name
several_as_string:
  test.nop: []
  cmd.run:
    - name: echo x
