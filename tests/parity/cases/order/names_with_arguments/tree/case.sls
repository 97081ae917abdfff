several:
  cmd.run:
    - names:
      - echo one
      - pwd:
        - cwd: /
      - pwd ; true:
        - cwd: /usr
    - cwd: /tmp
