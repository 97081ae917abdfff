ok:
  cmd.run:
    - name: echo out; echo err >&2
fails:
  cmd.run:
    - name: echo out; echo err >&2; exit 3
not_found:
  cmd.run:
    - name: no-such-command-anywhere --help
no_cwd:
  cmd.run:
    - name: pwd
    - cwd: /no/such/directory
