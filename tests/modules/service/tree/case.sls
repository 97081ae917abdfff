cron:
  service.running:
    - enable: true

waits:
  service.running

ends:
  service.dead:
    - enable: false

/etc/watched.conf:
  file.managed:
    - contents: changed

watched:
  service.running:
    - watch:
      - file: /etc/watched.conf

"on":
  service.enabled

"off":
  service.disabled
