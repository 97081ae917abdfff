cowsay:
  pkg.installed:
    - refresh: false
    - install_recommends: false

several:
  pkg.installed:
    - pkgs:
      - hello
      - ed: ">=1,<99"

ed:
  pkg.held: []

hello:
  pkg.unheld: []

sl:
  pkg.purged: []

figlet:
  pkg.removed: []

sysvbanner:
  pkg.downloaded: []

figurine:
  pkg.latest:
    - name: toilet
    - refresh: false

one:
  pkgrepo.managed:
    - name: deb [trusted=yes] file:/srv/one ./
    - file: /etc/apt/sources.list.d/one.list
    - clean_file: true

two:
  pkgrepo.managed:
    - name: deb [trusted=yes] file:/srv/two ./
    - file: /etc/apt/sources.list.d/two.sources

old:
  pkgrepo.absent:
    - name: deb [trusted=yes] file:/srv/old ./
