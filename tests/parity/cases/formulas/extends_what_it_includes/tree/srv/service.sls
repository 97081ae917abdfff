include:
  - .pkg
srv-service:
  service.running:
    - name: srv
    - require:
      - sls: srv.pkg
    - listen:
      - pkg: srv-pkg
