no_function:
  test:
    - name: x
two_functions:
  test:
    - nop
    - none
dict_args:
  test.nop:
    name: x
