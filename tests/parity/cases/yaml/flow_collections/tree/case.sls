a:
  test.nop:
    - list: [a, b, [c, d], {e: f}, g: h, ]
    - dict: {a: 1, b: [x, y], "c": {d: e}, f, g: , 'h':1}
    - over: [
        a,   # a comment
        b
        ]
    - over_dict: {
        a: one
          two,
        b: 2 }
    - empty: [[], {}, '']
    - signs: [a-b, /c/*, 10.0.0.1/8, a:b]
