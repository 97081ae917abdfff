c1:
  test.nop: [{creates: /etc/passwd}]
c2:
  test.nop: [{creates: /nope}]
c3:
  test.nop: [{creates: [/etc/passwd, /etc]}]
c4:
  test.nop: [{creates: [/etc/passwd, /nope]}]
c5:
  test.nop:
    - creates: /etc/passwd
    - onlyif: "true"
    - unless: "false"
