short: test.nop
dotted:
  test.succeed_without_changes: []
split:
  test:
    - succeed_with_changes
    - name: other
function_last:
  test:
    - name: x
    - comment: hello
    - nop
two_modules:
  test.nop: []
  file.exists:
    - name: /
named_id:
  test.nop:
    - name: ''
number_name:
  test.nop:
    - name: 5
