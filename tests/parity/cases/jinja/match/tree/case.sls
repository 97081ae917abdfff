{% set found = salt['match.filter_by']({'db*': 'db', 'G@role:web': 'web'}) %}
{{ found }}:
  test.nop:
    - name: {{ salt['match.ifelse'](False, 'no', 'G@role:web', 'yes', 'default') }} {{ salt['match.ifelse'](True, 'first', 'last') }}
