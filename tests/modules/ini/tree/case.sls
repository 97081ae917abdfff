options:
  ini.options_present:
    - name: /srv/app.ini
    - sections:
        name: new
        server:
          port: 80

gone:
  ini.options_absent:
    - name: /srv/app.ini
    - sections:
        server: [host, never]

section:
  ini.sections_present:
    - name: /srv/app.ini
    - sections: [server, more]

no-section:
  ini.sections_absent:
    - name: /srv/app.ini
    - sections: [gone, never]

strict:
  ini.options_present:
    - name: /srv/strict.ini
    - strict: True
    - no_spaces: True
    - sections:
        s:
          b: 2

new:
  ini.options_present:
    - name: /srv/new.ini
    - separator: ':'
    - no_spaces: True
    - sections:
        a: {b: c}

goal:
  stateconf.set:
    - require:
      - ini: new

context:
  stateconf.context:
    - anything: goes
