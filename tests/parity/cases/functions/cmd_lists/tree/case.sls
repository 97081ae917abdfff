state:
  cmd.run:
    - name: printf fine
