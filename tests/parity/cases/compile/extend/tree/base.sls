app:
  test.nop:
    - require:
      - test: own
  cmd.run:
    - name: pwd
own:
  test.nop
