again:
  test.nop:
    - by: {{ salt['pillar.get']('app:files:by') | json }}
    - all: {{ salt['pillar.get']('app', {}, merge=True) | json }}
    - plain: {{ pillar.app | json }}
