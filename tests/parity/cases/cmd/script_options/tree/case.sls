env:
  cmd.script:
    - name: salt://t.sh
    - env: [{FOO: x}, {RC: 3}]
well:
  cmd.script:
    - name: salt://t.sh
    - env: [{RC: 3}]
    - success_retcodes: [3]
hidden:
  cmd.script:
    - source: salt://t.sh
    - hide_output: True
user:
  cmd.script:
    - source: salt://who.sh
    - runas: nobody
    - cwd: /tmp
clean:
  cmd.script:
    - source: salt://t.sh
    - clean_env: True
    - timeout: 20
bad_env:
  cmd.script:
    - source: salt://t.sh
    - env: x
no_directory:
  cmd.script:
    - source: salt://t.sh
    - cwd: /no/such
not_there:
  cmd.script:
    - source: salt://nosuch.sh
no_path:
  cmd.script:
    - name: nothing here
