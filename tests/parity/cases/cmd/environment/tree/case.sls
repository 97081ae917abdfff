list:
  cmd.run:
    - name: echo "$FOO-$BAR"
    - env:
      - FOO: 1
      - BAR: null
types:
  cmd.run:
    - name: echo "$FOO-$BAR"
    - env: {FOO: true, BAR: 1.5}
bare_names:
  cmd.run:
    - name: echo "${FOO-unset}"
    - env: [FOO, BAR]
text:
  cmd.run:
    - name: echo a
    - env: FOO=1
empty_list:
  cmd.run:
    - name: echo b
    - env: []
path:
  cmd.run:
    - name: echo $PATH
    - prepend_path: /first
    - env:
      - PATH: /bin
clean:
  cmd.run:
    - name: echo "${HOME-no home} $ONLY"
    - clean_env: True
    - env:
      - ONLY: this
locale:
  cmd.run:
    - name: echo "$LC_MESSAGES $LANGUAGE"
own_locale:
  cmd.run:
    - name: echo "$LC_MESSAGES"
    - env:
      - LC_MESSAGES: de_DE
