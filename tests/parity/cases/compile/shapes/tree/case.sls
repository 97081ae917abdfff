as_string: test.nop
old_style:
  test:
    - nop
null_args:
  test.nop:
list_args:
  test.nop: []
5:
  test.nop
true:
  test.nop
name_given:
  test.nop:
    - name: another name
