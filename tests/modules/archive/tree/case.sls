{% for kind, name in {'plain': 'app.tar', 'gz': 'app.tar.gz', 'bz2': 'app.tar.bz2', 'xz': 'app.tar.xz',
                      'zst': 'app.tar.zst', 'zip': 'app.zip'}.items() %}
{{ kind }}:
  archive.extracted:
    - name: /srv/{{ kind }}
    - source: /srv/src/{{ name }}
{% endfor %}

owned:
  archive.extracted:
    - name: /srv/owned
    - source: /srv/src/app.tar.gz
    - user: nobody
    - group: nogroup

stripped:
  archive.extracted:
    - name: /srv/stripped
    - source: /srv/src/app.tar
    - options: --strip-components=1
    - enforce_toplevel: False

flat:
  archive.extracted:
    - name: /srv/flat
    - source: /srv/src/flat.tar
    - enforce_toplevel: False
    - trim_output: 1

skipped:
  archive.extracted:
    - name: /srv/skipped
    - source: /srv/src/app.tar
    - if_missing: /srv/src/app

locked:
  archive.extracted:
    - name: /srv/locked
    - source: /srv/src/locked.zip
    - password: secret

in-the-way:
  file.managed:
    - name: /srv/forced/app
    - contents: a file
    - makedirs: True
    - unless: test -d /srv/forced/app

forced:
  archive.extracted:
    - name: /srv/forced
    - source: /srv/src/app.tar
    - force: True

stray:
  file.managed:
    - name: /srv/cleaned/app/stray
    - makedirs: True
    - unless: test -e /srv/cleaned/app/one

cleaned:
  archive.extracted:
    - name: /srv/cleaned
    - source: /srv/src/app.tar
    - clean: True
