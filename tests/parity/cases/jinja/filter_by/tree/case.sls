{% set defaults = {
  'default': {'pkg': 'app', 'config': '/etc/app', 'opts': {'a': 1}},
  'Debian': {'pkg': 'app-deb', 'opts': {'b': 2}},
  'RedHat': {'pkg': 'app-rpm'},
  'web': {'pkg': 'app-web'},
} %}
{% set app = salt['grains.filter_by'](defaults, merge=salt['pillar.get']('app:lookup')) %}
{% set based = salt['grains.filter_by'](defaults, base='default') %}
{% set role = salt['grains.filter_by'](defaults, grain='role', base='default') %}
{% set other = salt['grains.filter_by'](defaults, grain='nothing', default='RedHat') %}
app:
  test.nop:
    - name: "{{ app }}"
based:
  test.nop:
    - name: "{{ based }}"
role:
  test.nop:
    - name: "{{ role }}"
other:
  test.nop:
    - name: "{{ other }}"
