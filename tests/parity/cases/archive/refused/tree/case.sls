{% set root = grains.root %}
made:
  cmd.run:
    - name: mkdir -p src/deep && echo one >src/one && tar --sort=name -C src -cf flat.tar one deep && tar -cf src.tar src && mkdir -p wrong/src/one
    - cwd: {{ root }}
    - creates: {{ root }}/src.tar
relative:
  archive.extracted:
    - name: some/where
    - source: {{ root }}/flat.tar
file:
  archive.extracted:
    - name: {{ root }}/flat.tar
    - source: {{ root }}/flat.tar
several:
  archive.extracted:
    - name: {{ root }}/several
    - source: {{ root }}/flat.tar
no-source:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/none.tar
format:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/flat.tar
    - archive_format: arj
password:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/flat.tar
    - password: secret
if-missing:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/flat.tar
    - if_missing: done
owner-elsewhere:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/flat.tar
    - enforce_ownership_on: /srv
no-user:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/flat.tar
    - user: nobody-at-all
both-skips:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/flat.tar
    - skip_verify: True
    - skip_files_list_verify: True
wrong-kind:
  archive.extracted:
    - name: {{ root }}/wrong
    - source: {{ root }}/src.tar
wrong-hash:
  archive.extracted:
    - name: {{ root }}/x
    - source: {{ root }}/src.tar
    - source_hash: md5=00000000000000000000000000000000
archives-gone:
  cmd.run:
    - name: rm -f *.tar *.tar.gz
    - cwd: {{ root }}
    - order: last
