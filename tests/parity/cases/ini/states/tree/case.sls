{% set root = grains.root %}
options:
  ini.options_present:
    - name: {{ root }}/app.ini
    - sections:
        name: new
        server: {port: 80, host: a}
        fresh: {a: true, b: 1.5}
gone:
  ini.options_absent:
    - name: {{ root }}/app.ini
    - sections:
        server: [host, never]
strict:
  ini.options_present:
    - name: {{ root }}/strict.ini
    - strict: True
    - sections:
        s: {b: 2}
no-section:
  ini.sections_absent:
    - name: {{ root }}/app.ini
    - sections: [gone, never]
new:
  ini.options_present:
    - name: {{ root }}/new.ini
    - separator: ':'
    - no_spaces: True
    - sections:
        a: {b: c}
