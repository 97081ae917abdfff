{% set s = 'Hello, World' %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ s.upper() }} {{ s.split(', ') }} {{ s.partition(',') }} {{ s.rsplit('o', 1) }} {{ s.find('o') }} {{ s.rfind('o') }} {{ s.replace('l', 'L', 1) }} {{ s.count('l') }}
        {{ s.startswith(('x', 'H')) }} {{ s.center(20, '*') }} {{ s.zfill(15) }} {{ s.swapcase() }} {{ s.removeprefix('Hello') }} {{ 'a\tb'.expandtabs(4) }} {{ ' x '.strip() }}| {{ '-'.join(['a', 'b']) }}
        {{ 'x'.isalpha() }} {{ '12'.isdigit() }} {{ 'a b'.title() }} {{ 'ß'.casefold() }} {{ 'a\nb'.splitlines() | length }} {{ 'abc'.translate({97: 'X'}) }} {{ s[::-1] }} {{ s[-5:] }} {{ s[1:8:3] }} {{ 'lo' in s }}
        {{ 'ü'.encode() }} {{ 'ü'.encode().decode() }} {{ 'ab' * 2 }} {{ 'a' 'b' ~ 1 }} {{ 'a' < 'b' }} {{ "it's" | string | list | length }}
