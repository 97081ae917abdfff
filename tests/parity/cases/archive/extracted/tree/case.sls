{% set root = grains.root %}
made:
  cmd.run:
    - name: mkdir -p src/app/deep && echo one >src/app/one && echo two >src/app/deep/two && ln -s one src/app/link && tar --sort=name -C src -czf app.tar.gz app && tar --sort=name -C src/app -cf flat.tar one deep
    - cwd: {{ root }}
    - creates: {{ root }}/app.tar.gz
plain:
  archive.extracted:
    - name: {{ root }}/plain
    - source: {{ root }}/app.tar.gz
flat:
  archive.extracted:
    - name: {{ root }}/flat
    - source: {{ root }}/flat.tar
    - enforce_toplevel: False
    - trim_output: 2
stripped:
  archive.extracted:
    - name: {{ root }}/stripped
    - source: {{ root }}/app.tar.gz
    - options: --strip-components=1
    - enforce_toplevel: False
there:
  archive.extracted:
    - name: {{ root }}/there
    - source: {{ root }}/app.tar.gz
    - if_missing: {{ root }}/src
overwritten:
  archive.extracted:
    - name: {{ root }}/plain
    - source: {{ root }}/app.tar.gz
    - overwrite: True
cleaned:
  archive.extracted:
    - name: {{ root }}/plain
    - source: {{ root }}/app.tar.gz
    - clean: True
    - overwrite: True
archives-gone:
  cmd.run:
    - name: rm -f *.tar *.tar.gz
    - cwd: {{ root }}
    - order: last
