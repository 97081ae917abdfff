a:
  test.nop:
    - literal: |
        one
          two

        three

    - strip: |-
        one

    - keep: |+
        one

    - folded: >
        one
        two

        three
          indented
        four
    - folded_strip: >-
        one
        two
    - indented: |2
          two more
        none
    - comment: | # not text
        # text
        x
    - empty: |
    - last: |+

