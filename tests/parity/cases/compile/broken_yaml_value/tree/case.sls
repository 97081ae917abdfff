one:
  cmd.run:
    - name: echo a: b
