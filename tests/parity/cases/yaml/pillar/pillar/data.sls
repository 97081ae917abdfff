data:
  base: &base {user: root}
  own:
    <<: *base
    shell: /bin/sh
  mode: 0644
  ports: {80: http, 443: https}
  when: 1:30
  text: >-
    one
    two
