a:
  test.nop:
    - date: 2001-01-02
    - time: 2001-12-14t21:59:43.10-05:00
    - blank: 2001-12-14 21:59:43 Z
    - wrong: 2001-13-45
    - tagged: !!timestamp 2001-01-02
    - {2001-01-02: key}
