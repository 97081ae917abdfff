u1:
  test.nop: [{unless: "true"}]
u2:
  test.nop: [{unless: "false"}]
u3:
  test.nop: [{unless: ["true", "false"]}]
u4:
  test.nop: [{unless: ["true", "true"]}]
u5:
  test.nop: [{unless: [{fun: test.true}]}]
u6:
  test.nop: [{unless: [{fun: test.echo, args: [""]}]}]
u7:
  test.nop: [{unless: [5]}]
u8:
  test.nop: [{unless: [{nofun: x}]}]
u9:
  test.nop:
    - unless:
      - fun: test.arg
        args: [a]
        k: v
        get_return: kwargs:k
