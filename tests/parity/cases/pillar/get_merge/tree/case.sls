{% set merged = salt['pillar.get']('app', {'a': {'y': 2}, 'b': 3, 'l': [2]}, merge=True) %}
{% set plain = salt['pillar.get']('app', default={'b': 3}) %}
merged:
  test.nop:
    - name: "{{ merged }}"
plain:
  test.nop:
    - name: "{{ plain }} {{ pillar.app.a.x }} {{ pillar['app']['l'][0] }}"
