{%- from 'srv/conf.sls' import nothing as n with context %}
srv-extra:
  cmd.run:
    - name: reload
    - use:
      - service: srv-service
    - onchanges:
      - sls: srv.conf
