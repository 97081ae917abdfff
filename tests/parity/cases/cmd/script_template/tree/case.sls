values:
  cmd.script:
    - source: salt://j.sh
    - template: jinja
    - defaults: {a: 1, b: 2}
    - context: {a: 3}
none:
  cmd.script:
    - source: salt://j.sh
    - template: jinja
bad_defaults:
  cmd.script:
    - source: salt://j.sh
    - template: jinja
    - defaults: x
bad_context:
  cmd.script:
    - source: salt://j.sh
    - template: jinja
    - context: [x]
no_engine:
  cmd.script:
    - source: salt://j.sh
    - template: nope
