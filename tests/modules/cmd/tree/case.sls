run:
  cmd.run:
    - name: echo "$ONE" >>/srv/run
    - env:
      - ONE: '1'

once:
  cmd.run:
    - name: touch /srv/once
    - creates: /srv/once

unless:
  cmd.run:
    - name: touch /srv/unless
    - unless: test -e /srv/unless

stateful.sh:
  file.managed:
    - name: /srv/stateful.sh
    - source: salt://stateful.sh
    - mode: '0755'

watched:
  cmd.wait:
    - name: echo woken >/srv/watched
    - watch:
      - file: stateful.sh

watched-too:
  cmd.watch:
    - name: echo woken >/srv/watched
    - watch:
      - file: stateful.sh

script:
  cmd.script:
    - name: salt://script.sh.jinja
    - source: salt://script.sh.jinja
    - args: two
    - template: jinja

script-woken:
  cmd.wait_script:
    - name: salt://script.sh.jinja
    - source: salt://script.sh.jinja
    - args: two
    - template: jinja
    - watch:
      - file: stateful.sh

called:
  cmd.call:
    - func: test.ping

called-when-woken:
  cmd.wait_call:
    - func: test.ping
    - watch:
      - file: stateful.sh

called-by-module:
  module.run:
    - test.echo:
      - text: hello

module-woken:
  module.wait:
    - name: test.ping
    - watch:
      - file: stateful.sh

module-watches:
  module.watch:
    - name: test.ping
    - watch:
      - file: stateful.sh

set:
  environ.setenv:
    - name: RSALT_TEST_OF_MODULES
    - value: '1'

nop:
  test.nop: []

succeed:
  test.succeed_without_changes: []

succeed-with-changes:
  test.succeed_with_changes: []

configurable:
  test.configurable_test_state:
    - changes: True
    - result: True
    - comment: as asked

nothing-to-announce:
  test.show_notification:
    - text: read this

pillar:
  test.check_pillar:
    - present: ['given:there']

stateful:
  cmd.run:
    - name: /srv/stateful.sh
    - stateful:
      - test_name: echo "changed=$(test -e /srv/stateful && echo no || echo yes) comment='looked'"
