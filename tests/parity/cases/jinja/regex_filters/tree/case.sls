case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ 'abcd' | regex_search('^(.*)BC(.*)$', ignorecase=true) }} {{ 'abcd' | regex_match('x') }} {{ 'yes' | regex_replace('^y(.*)$', '_\\1_') }} {{ 'a.b' | regex_escape }} {{ 'lets replace spaces' | regex_replace('\\s+', '__') }} {{ 'foo' is match('^F', ignorecase=true) }} {{ 'x' is match('y') }}
