a:
  test.nop:
    - all: {{ pillar.data | json }}
    - mode: {{ pillar.data.mode }}
    - own: {{ salt['pillar.get']('data:own:user') }}
    - number_key: {{ salt['pillar.get']('data:ports:80') }}
