{% set mysql = salt['grains.filter_by']({
    'Debian': {'server': 'mysql-server', 'service': 'mysql', 'config': '/etc/mysql/my.cnf'},
    'RedHat': {'server': 'mariadb-server', 'service': 'mariadb', 'config': '/etc/my.cnf'},
}, merge=salt['pillar.get']('mysql:lookup')) %}
{% if grains['os'] in ['Ubuntu', 'Debian'] %}
mysql-debconf:
  debconf.set:
    - name: mysql-server
    - data:
        'mysql-server/root_password': {'type': 'password', 'value': '{{ salt['pillar.get']('mysql:server:root_password', 'somepass') }}'}
        'mysql-server/start_on_boot': {'type': 'boolean', 'value': 'true'}
{% endif %}
mysqld:
  pkg:
    - installed
    - name: {{ mysql.server }}
{% if grains['os'] in ['Ubuntu', 'Debian'] %}
    - require:
      - debconf: mysql-debconf
{% endif %}
  service:
    - running
    - name: {{ mysql.service }}
    - enable: True
    - watch:
      - pkg: mysqld
{% if grains['os'] in 'FreeBSD' %}
never: test.nop
{% endif %}
{% for name, user in salt['pillar.get']('mysql:user', {}).items() %}
{% set hosts = salt['pillar.get']('mysql:user:%s:hosts'|format(name)) or ['localhost'] %}
{% for host in hosts %}
{% set id = 'mysql_user_' ~ name ~ '_' ~ host %}
{{ id }}:
  mysql_user.present:
    - name: {{ name }}
    - host: '{{ host }}'
  {%- if user['password'] is defined and user['password'] != None %}
    - password: '{{ user['password'] }}'
  {%- else %}
    - allow_passwordless: True
  {%- endif %}
{% for db in user.get('databases', []) %}
{{ id ~ '_' ~ loop.index0 }}:
  mysql_grants.present:
    - name: {{ name ~ '_' ~ db['database'] ~ '_' ~ db['table'] | default('all') }}
    - grant: {{ db['grants'] | join(",") }}
    - database: '{{ db['database'] }}.{{ db['table'] | default('*') }}'
    - require:
      - mysql_user: {{ id }}
{% endfor %}
{% endfor %}
{% endfor %}
