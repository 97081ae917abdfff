env_dict:
  cmd.run:
    - name: echo "$A-$B"
    - env:
        A: one
        B: "2"
env_list:
  cmd.run:
    - name: echo "$A-$B"
    - env:
      - A: one
      - B: two
cwd:
  cmd.run:
    - name: pwd
    - cwd: /usr
umask:
  cmd.run:
    - name: umask
    - umask: "077"
success:
  cmd.run:
    - name: exit 4
    - success_retcodes: [4, 5]
stdin:
  cmd.run:
    - name: cat
    - stdin: given
bash:
  cmd.run:
    - name: echo ${BASH_VERSION:+this is bash}
    - shell: /bin/bash
hidden:
  cmd.run:
    - name: echo secret
    - hide_output: True
quiet:
  cmd.run:
    - name: echo quiet
    - output_loglevel: quiet
runas:
  cmd.run:
    - name: id -un
    - runas: nobody
