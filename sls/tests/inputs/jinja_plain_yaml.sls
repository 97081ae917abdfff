#!yaml
a:
  test.nop:
    - x: "{{ not rendered }}"
