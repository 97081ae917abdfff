{{ pillar.get('a', 'none') }}-{{ salt['pillar.get']('d:x', 'none') }}-{{ salt['pillar.get']('d:y', 'none') }}:
  test.nop: []
