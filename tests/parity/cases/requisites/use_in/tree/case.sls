template:
  cmd.run:
    - name: pwd
    - cwd: /
    - use_in:
      - cmd: user
user:
  cmd.run:
    - name: pwd; true
