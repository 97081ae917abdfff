{% do salt['environ.setval']('PARITY_X', 'from jinja') %}
told:
  test.show_notification:
    - text: "{{ salt['environ.get']('PARITY_X') }} {{ salt['environ.get']('PARITY_NO', 'none') }} {{ salt['environ.has_value']('PARITY_X') }} {{ salt['environ.has_value']('PARITY_X', 'x') }} {{ salt['environ.has_value']('PARITY_NO') }} {{ salt['environ.item'](['PARITY_X', 'PARITY_NO']) }} {{ salt['environ.setenv']({'PARITY_Y': 'y', 'PARITY_X': False}, false_unsets=True) }} {{ salt['environ.get']('PARITY_X', 'gone') }} {{ salt['environ.setval']('PARITY_Z', 5) }} {{ salt['environ.get'](5) }}"
