{%- set hosts = salt['mine.get']('*', 'network.ip_addrs') %}
{%- set sent = salt['mine.send']('test.echo', 'from the mine') %}
{%- set after = salt['mine.get']('*', 'test.echo') %}
show:
  test.nop:
    - hosts: {{ hosts | json }}
    - values: {{ salt['mine.get']('roles:none', 'network.interfaces', 'grain').values() | list | json }}
    - by_type: {{ salt['mine.get']('nobody*', 'x', tgt_type='glob') | json }}
    - published: {{ salt['publish.publish']('*', 'network.ip_addrs') | json }}
    - sent: {{ sent }}
    - after: {{ after | json }}
{%- for name, addrs in hosts.items() %}
{{ name }}-host-entry:
  host.present:
    - ip: {{ addrs | first() }}
{%- endfor %}
