words:
  cmd.run:
    - name: echo "changed=yes comment='hi there' x=1"
    - stateful: True
last_line:
  cmd.run:
    - name: printf 'one\ntwo\n\nchanged=yes comment=hi\n'
    - stateful: True
not_changed:
  cmd.run:
    - name: echo 'changed=no comment=nothing'
    - stateful: True
no_changed_at_all:
  cmd.run:
    - name: echo 'x=1'
    - stateful: True
own_stdout:
  cmd.run:
    - name: echo 'changed=yes stdout=abcdef'
    - stateful: True
fails:
  cmd.run:
    - name: echo 'changed=yes'; exit 3
    - stateful: True
nothing_said:
  cmd.run:
    - name: 'true'
    - stateful: True
only_errors:
  cmd.run:
    - name: echo wrong >&2
    - stateful: True
no_words:
  cmd.run:
    - name: echo 'foo bar'
    - stateful: True
equal_sign_twice:
  cmd.run:
    - name: echo 'changed=yes comment="a=b"'
    - stateful: True
