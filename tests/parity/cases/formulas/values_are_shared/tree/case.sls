include:
  - second
{%- do salt['pillar.get']('list').append('by pillar.get') %}
{%- do salt['config.get']('deep:list').append('by config.get') %}
{%- do salt['grains.get']('own').append('by grains.get') %}
{%- set copied = salt['pillar.get']('deep', {}, merge=True) %}
{%- do copied.update({'new': 1}) %}
{%- set dflt = ['d'] %}
{%- do salt['pillar.get']('missing', dflt).append('added') %}
{%- do pillar['list'].append('by pillar') %}
first:
  test.nop:
    - list: {{ salt['pillar.get']('list') | json }}
    - plain: {{ pillar.list | json }}
    - dflt: {{ dflt | json }}
    - copied: {{ copied | json }}
