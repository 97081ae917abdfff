plain:
  cmd.script:
    - name: salt://script.sh
    - args: one two
source:
  cmd.script:
    - name: say.sh
    - source: salt://script.sh
    - cwd: /usr
template:
  cmd.script:
    - source: salt://template.sh
    - name: salt://template.sh
    - template: jinja
    - context:
        who: world
fails:
  cmd.script:
    - name: salt://fails.sh
missing:
  cmd.script:
    - name: salt://nowhere.sh
