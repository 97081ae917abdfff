a:
  no_such_module.present:
    - name: x
  docker_container.running:
    - image: nginx:latest
    - port_bindings:
      - "127.0.0.1:80:80"
      - 8080
    - links:
        db: database
b:
  postgres_user.present: []
c:
  zabbix_host:
    - present
    - require:
      - docker_container: a
