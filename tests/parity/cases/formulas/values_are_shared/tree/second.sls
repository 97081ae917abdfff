second:
  test.nop:
    - list: {{ salt['pillar.get']('list') | json }}
    - deep: {{ salt['pillar.get']('deep') | json }}
    - own: {{ salt['grains.get']('own') | json }}
    - config: {{ salt['config.get']('own') | json }}
    - plain: {{ pillar.list | json }}
    - grains: {{ grains.own | json }}
