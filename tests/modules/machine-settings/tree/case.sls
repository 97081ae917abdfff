tzdata:
  debconf.set:
    - data:
        tzdata/Areas: {type: select, value: Europe}
        tzdata/Zones/Europe: {type: select, value: Berlin}

answers:
  debconf.set_file:
    - source: salt://answers.jinja
    - template: jinja
    - context: {words: two words}

thing:
  alternatives.remove:
    - path: /srv/one

other:
  alternatives.auto: []

third:
  alternatives.set:
    - path: /srv/two

fourth:
  alternatives.install:
    - link: /usr/local/bin/fourth
    - path: /srv/three
    - priority: 20

de_DE.UTF-8:
  locale.present: []

language:
  locale.system:
    - name: de_DE.UTF-8

Europe/Berlin:
  timezone.system: []
