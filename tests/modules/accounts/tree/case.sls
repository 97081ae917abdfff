www:
  group.present:
    - gid: 4100

system-group:
  group.present:
    - name: sysgrp
    - system: true

wrong-number:
  group.present:
    - gid: 5555

dropped:
  group.absent:
    - name: spare

never-there:
  group.absent

deploy:
  user.present:
    - uid: 4000
    - gid: www
    - groups: [dupes]
    - optional_groups: [www, no-such-group]
    - fullname: Deploy Bot
    - roomnumber: 42
    - shell: /bin/bash
    - home: /srv/deploy
    - password: $6$abc$Xy1
    - require:
      - group: www

service-account:
  user.present:
    - name: svc
    - system: true
    - createhome: false
    - usergroup: true
    - shell: /usr/sbin/nologin

hashed:
  user.present:
    - password: in clear
    - hash_password: true
    - usergroup: false

locked:
  user.present:
    - password: $6$abc$Xy1
    - password_lock: true

emptied:
  user.present:
    - empty_password: true

limited:
  user.present:
    - mindays: 1
    - maxdays: 30
    - inactdays: 5
    - warndays: 3
    - expire: 20001

changed:
  user.present:
    - fullname: New Name
    - other: more
    - shell: /bin/bash
    - home: /home/changed
    - groups: [www]
    - remove_groups: false
    - mindays: 7
    - maxdays: 90
    - warndays: 14
    - inactdays: 30
    - expire: 20000
    - require:
      - group: www

moved:
  user.present:
    - name: moved
    - home: /srv/elsewhere
    - fullname: Ann
    - workphone: "1"
    - homephone: "2"

stays:
  user.present:
    - name: root

former:
  user.absent:
    - purge: true

nobody-there:
  user.absent

team:
  group.present:
    - members: [moved, changed]
    - require:
      - user: moved

more:
  group.present:
    - name: dupes
    - addusers: [changed]
    - delusers: [former]
    - require:
      - user: deploy
      - user: changed
