#!jinja|yaml
one:
  test.nop:
    - name: {{ 1 + 1 }}
