new:
  file.directory:
    - name: /srv/new
    - mode: '0755'

managed:
  file.managed:
    - name: /srv/new/managed
    - source: salt://files/managed.jinja
    - template: jinja
    - user: nobody
    - mode: '0640'

recurse:
  file.recurse:
    - name: /srv/new/tree
    - source: salt://files/tree
    - clean: True
    - file_mode: '0600'

append:
  file.append:
    - name: /srv/old/list
    - text: three

prepend:
  file.prepend:
    - name: /srv/old/list
    - text: zero

uncomment:
  file.uncomment:
    - name: /srv/old/conf
    - regex: ^port

comment:
  file.comment:
    - name: /srv/old/conf
    - regex: ^user

keyvalue:
  file.keyvalue:
    - name: /srv/old/keys
    - key: key
    - value: 2
    - separator: '='

line:
  file.line:
    - name: /srv/old/lines
    - content: bb
    - mode: ensure
    - after: ^b$

replace:
  file.replace:
    - name: /srv/old/replaced
    - pattern: old
    - repl: new

block:
  file.blockreplace:
    - name: /srv/old/block
    - marker_start: '# begin'
    - marker_end: '# end'
    - content: new

gathered:
  file.accumulated:
    - name: lines
    - filename: /srv/old/block
    - text: also
    - require_in:
      - file: block

patch:
  file.patch:
    - name: /srv/old/patched
    - source: salt://files/one.patch

absent:
  file.absent:
    - name: /srv/old/gone

rename:
  file.rename:
    - name: /srv/new/renamed
    - source: /srv/old/renamed

copy:
  file.copy:
    - name: /srv/new/copied
    - source: /srv/old/copied

exists:
  file.exists:
    - name: /srv/old/there

missing:
  file.missing:
    - name: /srv/old/never

symlink:
  file.symlink:
    - name: /srv/new/link
    - target: /srv/old/there

hardlink:
  file.hardlink:
    - name: /srv/new/hard
    - target: /srv/old/there

touch:
  file.touch:
    - name: /srv/new/touched
    - unless: test -e /srv/new/touched

mknod:
  file.mknod:
    - name: /srv/new/pipe
    - ntype: p
    - mode: '0600'

decode:
  file.decode:
    - name: /srv/new/decoded
    - encoded_data: aGVsbG8=
    - encoding_type: base64

serialize:
  file.serialize:
    - name: /srv/new/data.json
    - dataset: {a: 1, b: [x, y]}
    - serializer: json

pruned:
  file.pruned:
    - name: /srv/old/empty
    - recurse: True

tidied:
  file.tidied:
    - name: /srv/old/logs
    - age: 30
    - age_size_only: age

retention:
  file.retention_schedule:
    - name: /srv/old/backups
    - retain:
        most_recent: 1

# Without a master a file of the tree is no copy: it stays.
not_cached:
  file.not_cached:
    - name: salt://files/tree/a
