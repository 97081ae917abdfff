# é ☺ 😀
a é:
  test.nop:
    - ключ: значение
    - emoji: 😀
    - nbsp: a b
    - {{ 'x' }}y: jinja
