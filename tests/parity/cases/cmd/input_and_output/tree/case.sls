stdin:
  cmd.run:
    - name: cat
    - stdin: "a\\nb\nc"
raw:
  cmd.run:
    - name: cat
    - stdin: "a\\nb\nc"
    - stdin_raw_newlines: True
number:
  cmd.run:
    - name: cat
    - stdin: 5
kept_blanks:
  cmd.run:
    - name: echo "a  "
    - rstrip: False
together:
  cmd.run:
    - name: echo out; echo err >&2
    - redirect_stderr: True
hidden:
  cmd.run:
    - name: echo out; echo err >&2
    - hide_output: True
no_text:
  cmd.run:
    - name: printf '\377\376'
