creates_list:
  test.fail_without_changes:
    - creates: [/etc, /usr]
creates_some:
  test.nop:
    - creates: [/etc, /nowhere/at/all]
onlyif_list:
  test.nop:
    - onlyif: ['true', 'test -d /etc']
onlyif_one_false:
  test.fail_without_changes:
    - onlyif: ['true', 'false']
unless_list:
  test.fail_without_changes:
    - unless: ['true', 'test -d /etc']
unless_one_false:
  test.nop:
    - unless: ['true', 'false']
onlyif_number:
  test.nop:
    - onlyif: [5]
unless_number:
  test.nop:
    - unless: [5]
no_fun:
  test.nop:
    - unless: [{a: b}]
all_three:
  test.fail_without_changes:
    - onlyif: 'true'
    - unless: 'false'
    - creates: /etc
