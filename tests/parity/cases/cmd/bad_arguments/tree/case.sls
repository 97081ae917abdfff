bad_env:
  cmd.run:
    - name: echo no
    - env: just-a-word
bad_user:
  cmd.run:
    - name: echo no
    - runas: no-such-user
