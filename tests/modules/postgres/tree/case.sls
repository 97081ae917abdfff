staff:
  postgres_group.present:
    - createdb: true

app:
  postgres_user.present:
    - password: {{ pillar['db_password'] | yaml_dquote }}
    - encrypted: scram-sha-256
    - createdb: true
    - valid_until: '2035-01-01'
    - groups: [staff]
    - require: [postgres_group: staff]

plain:
  postgres_user.present:
    - password: hashed there
    - encrypted: false

fast:
  postgres_tablespace.present:
    - directory: /srv/fast
    - options: {random_page_cost: '1.1'}

shop:
  postgres_database.present:
    - owner: app
    - encoding: utf8
    - lc_collate: C.UTF-8
    - lc_ctype: C.UTF-8
    - template: template0
    - tablespace: fast
    - require: [postgres_user: app, postgres_tablespace: fast]

reports:
  postgres_schema.present:
    - dbname: template1
    - owner: app
    - require: [postgres_user: app]

tsm_system_rows:
  postgres_extension.present:
    - maintenance_db: template1
    - schema: public

tables:
  postgres_privileges.present:
    - name: app
    - object_name: ALL
    - object_type: table
    - privileges: [SELECT, INSERT]
    - maintenance_db: template1
    - require: [postgres_user: app]

everything:
  postgres_privileges.present:
    - name: app
    - object_name: t
    - object_type: table
    - privileges: [ALL]
    - grant_option: true
    - maintenance_db: template1
    - require: [postgres_privileges: tables]

nobody-connects:
  postgres_privileges.absent:
    - name: public
    - object_name: postgres
    - object_type: database
    - privileges: [TEMPORARY]

old:
  postgres_database.absent: []
gone:
  postgres_user.absent: []
left_over:
  postgres_group.absent: []
slow:
  postgres_tablespace.absent: []
away:
  postgres_schema.absent:
    - dbname: template1
tcn:
  postgres_extension.absent:
    - maintenance_db: template1
