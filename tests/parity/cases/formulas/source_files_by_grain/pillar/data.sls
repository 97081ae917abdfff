app:
  files:
    by: [any/path, roles, os_family]
    of: {app-conf: [own.conf]}
