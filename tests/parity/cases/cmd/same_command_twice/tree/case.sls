one:
  cmd.run:
    - name: echo same
two:
  cmd.run:
    - name: echo same
