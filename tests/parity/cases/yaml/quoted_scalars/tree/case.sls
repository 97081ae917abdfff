a:
  test.nop:
    - single: 'it''s \n'
    - double: "tab\tline\nhex\x41 \u263a \U0001F600 \"q\" \/ \\ \e"
    - over: "one
      two

      three\
      four"
    - single_over: 'one
        two

        three'
    - plain: one
        two

        three
    - "key with: colon": 1
    - 'quoted': "#no comment"
    - hash: a#b #comment
    - url: http://x.y:80/z?a=b#c
    - colon: a:b:c
