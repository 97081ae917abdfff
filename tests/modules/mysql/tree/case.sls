shop:
  mysql_database.present:
    - character_set: utf8mb4
    - collate: utf8mb4_unicode_ci

other:
  mysql_database.present:
    - character_set: utf8mb4

app:
  mysql_user.present:
    - password: 'it''s \ secret'

hashed:
  mysql_user.present:
    - host: '%'
    - password_hash: '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'

daemon:
  mysql_user.present:
    - unix_socket: true

nobody:
  mysql_user.present:
    - allow_passwordless: true

app-on-shop:
  mysql_grants.present:
    - grant: select, INSERT,create temporary tables
    - database: shop.*
    - user: app
    - grant_option: true
    - require: [mysql_user: app, mysql_database: shop]

hashed-everywhere:
  mysql_grants.present:
    - grant: ALL PRIVILEGES
    - database: '*.*'
    - user: hashed
    - host: '%'
    - require: [mysql_user: hashed]

app-on-other:
  mysql_grants.absent:
    - grant: INSERT
    - database: other.*
    - user: app

old:
  mysql_database.absent: []

gone:
  mysql_user.absent:
    - host: '%'

answer:
  mysql_query.run:
    - database: shop
    - query: SELECT 1 AS n, 'a b' AS t
    - output: /srv/answer
    - overwrite: false
    - require: [mysql_database: shop]
