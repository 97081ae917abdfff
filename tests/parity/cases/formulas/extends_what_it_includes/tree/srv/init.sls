include:
  - .conf
  - .service
  {%- if salt['pillar.get']('srv:extra', True) %}
  - .extra
  {%- endif %}
extend:
  srv-service:
    service:
      - listen:
        - file: srv-conf
      - require:
        - file: srv-conf
  srv-conf:
    file:
      - require:
        - pkg: srv-pkg
