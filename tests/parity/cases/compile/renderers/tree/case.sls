#!yaml
one:
  test.nop:
    - name: "{{ not rendered }}"
