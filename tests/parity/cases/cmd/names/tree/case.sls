several:
  cmd.run:
    - names:
      - echo 1
      - echo 2:
        - cwd: /usr
      - echo 3:
        - env:
          - A: b
        - hide_output: True
