sh:
  cmd.run:
    - name: echo $0
    - shell: /bin/sh
bash:
  cmd.run:
    - name: echo $0
    - shell: /bin/bash
by_default:
  cmd.run:
    - name: echo $0
pipe:
  cmd.run:
    - name: printf 'b\na\n' | sort | head -1
