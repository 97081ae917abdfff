no_shell:
  cmd.run:
    - name: echo hi
    - shell: /bin/nosuchshell
no_user:
  cmd.run:
    - name: echo hi
    - runas: nosuchuser
no_directory:
  cmd.run:
    - name: pwd
    - cwd: /no/such
directory_is_a_number:
  cmd.run:
    - name: pwd
    - cwd: 5
no_time:
  cmd.run:
    - name: echo a
    - timeout: abc
no_engine:
  cmd.run:
    - name: echo a
    - template: nope
umask_zero:
  cmd.run:
    - name: umask
    - umask: 0
not_found:
  cmd.run:
    - name: /no/such/program
