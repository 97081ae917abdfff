{% set dir = grains.root %}
in_directory:
  cmd.run:
    - name: pwd
    - cwd: {{ dir }}
    - unless: test "$(pwd)" = "{{ dir }}"
excluded:
  cmd.run:
    - name: 'true'
    - cwd: {{ dir }}
    - cmd_opts_exclude: cwd
    - unless: test "$(pwd)" = "{{ dir }}"
env:
  cmd.run:
    - name: 'true'
    - env: [{WORD: here}]
    - onlyif: test "$WORD" = here
