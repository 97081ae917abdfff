include:
  - plain
  - keyed:
      key: under:key
      defaults:
        word: given
  - .dotted
own: 1
