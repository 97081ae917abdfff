x:
  test.nop:
    - name: "[{{ pillar.get('nothing') }}] [{{ nothing is defined }}] [{{ nothing | default('d') }}] [{{ grains.get('x', 'y') }}]"
