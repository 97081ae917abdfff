template:
  cmd.run:
    - name: echo $ONE $(pwd)
    - cwd: /
    - env:
      - ONE: first
user:
  cmd.run:
    - name: echo $ONE again $(pwd)
    - use:
      - cmd: template
own:
  cmd.run:
    - name: echo $ONE own $(pwd)
    - cwd: /tmp
    - use:
      - cmd: template
