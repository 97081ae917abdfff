bad:
  test.fail_without_changes:
    - onfail_in: [{test: handler}]
handler:
  test.nop
