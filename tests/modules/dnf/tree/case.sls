other:
  pkgrepo.managed:
    - humanname: A repository made here
    - baseurl: file:///srv/repo
    - gpgcheck: 0

gamma:
  pkg.installed:
    - version: 1.0-1

both:
  pkg.group_installed:
    - name: Both Of Them

beta:
  pkg.held:
    - require:
      - pkg: both
