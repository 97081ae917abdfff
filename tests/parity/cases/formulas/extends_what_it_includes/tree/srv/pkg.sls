srv-pkg:
  pkg.installed:
    - name: srv
