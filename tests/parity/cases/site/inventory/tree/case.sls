server:
  appconf.options:
    - name: {{ grains.root }}/app.ini
    - section: server
    - options:
        port: 8080
        host: localhost
log:
  appconf.options:
    - name: {{ grains.root }}/app.ini
    - section: log
    - options: {level: debug}
    - require:
      - appconf: server
nowhere:
  appconf.options:
    - name: {{ grains.root }}/none.ini
    - section: a
    - options: {b: c}
