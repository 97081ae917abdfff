changes:
  cron.present:
    - name: /bin/after
    - identifier: changes
    - minute: 30
    - hour: 3
    - dayweek: 1-5
    - comment: |-
        two
        lines

by-command:
  cron.present:
    - name: /bin/by-command
    - minute: 5
    - hour: 5

disabled:
  cron.present:
    - name: /bin/disabled
    - commented: true

at-boot:
  cron.present:
    - name: /bin/at-boot
    - special: '@reboot'
    - comment: at boot

word:
  cron.present:
    - name: /bin/word
    - identifier: word
    - special: '@daily'

goes:
  cron.absent:
    - name: /bin/gone
    - identifier: goes

week:
  cron.absent:
    - name: /bin/week
    - special: '@weekly'

never:
  cron.absent:
    - name: /bin/never

MAILTO:
  cron.env_present:
    - value: root@example.org

EMPTY:
  cron.env_present

OLD:
  cron.env_absent

NEVER:
  cron.env_absent

random:
  cron.present:
    - name: /bin/random
    - user: ann
    - minute: random
    - hour: "3:5"
    - identifier: random

whole:
  cron.file:
    - name: salt://tab
    - user: joe
    - template: jinja
    - context: {greeting: hello}
    - defaults: {user: joe}

kept:
  cron.file:
    - name: salt://tab
    - user: bob
    - replace: false
