v:
  test.nop:
    - a: 0644
    - b: yes
    - c: 1.50
    - d: ~
    - e: {x: [1, 2]}
    - f: 2024-01-02
    - g: "0644"
    - state: evil
