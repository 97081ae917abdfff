{{ grains['s'] }}-{{ grains.d.y.z }}-{{ salt['grains.get']('d:x') }}-{{ grains.get('nope', 'no') }}-{{ 'web' in grains.role }}-{{ salt.grains.has_value('s') }}:
  test.nop: []
