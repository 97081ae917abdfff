would_run:
  cmd.run:
    - name: touch {{ grains.root }}/must-not-exist
rests:
  cmd.run:
    - name: echo no
    - unless: "true"
would_script:
  cmd.script:
    - name: salt://script.sh
