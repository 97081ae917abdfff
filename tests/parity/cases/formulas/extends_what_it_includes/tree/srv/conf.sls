srv-conf:
  file.managed:
    - name: /etc/srv
    - contents: x
