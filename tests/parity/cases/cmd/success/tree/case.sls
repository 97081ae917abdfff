retcode:
  cmd.run:
    - name: echo hi; exit 5
    - success_retcodes: 5
retcodes:
  cmd.run:
    - name: echo hi; exit 5
    - success_retcodes: [4, 5]
retcodes_text:
  cmd.run:
    - name: exit 4
    - success_retcodes: 4,5
no_number:
  cmd.run:
    - name: exit 5
    - success_retcodes: x
zero_stays_well:
  cmd.run:
    - name: exit 0
    - success_retcodes: [5]
stdout:
  cmd.run:
    - name: echo hi; exit 5
    - success_stdout: hi,ho
stdout_list:
  cmd.run:
    - name: echo hi; exit 5
    - success_stdout: [ho]
stderr:
  cmd.run:
    - name: echo hi >&2; exit 5
    - success_stderr: [hi]
ignored_code_still_fails:
  cmd.run:
    - name: echo hi; exit 3
    - ignore_retcode: True
