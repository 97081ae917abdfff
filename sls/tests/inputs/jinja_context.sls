vars:
  test.nop:
    - sls: {{ sls }}
    - slspath: "{{ slspath }}"
    - slsdotpath: "{{ slsdotpath }}"
    - slscolonpath: "{{ slscolonpath }}"
    - sls_path: "{{ sls_path }}"
    - tplfile: {{ tplfile }}
    - tpldir: {{ tpldir }}
    - tpldot: "{{ tpldot }}"
    - saltenv: {{ saltenv }}
    - id: {{ grains.id }} {{ opts.id }} {{ grains['id'] }}
    - pillar: {{ pillar.get('a', 'none') }}
    - call: >-
        {{ salt['test.echo']('x') }} {{ salt.test.echo('y') }} {{ salt.test.arg('z', k=1)['kwargs'] }}
    - has: {{ 'test.ping' in salt }} {{ 'no.such' in salt }}
include:
  - lib.ctx
  - lib.sub.ctx
