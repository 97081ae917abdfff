{%- set views = {False: {'zones': {'example.org': {'file': 'org'}}}} %}
{%- do views.update({'inside': {'zones': {'example.org': {'file': 'in'}, '10.in-addr.arpa': {}}}}) %}
{%- for view, data in views.items() %}
{%- set dash = '-' + view if view else '' %}
{% for zone, settings in data.get('zones', {}).items() -%}
{%- set file = settings.get('file', false) %}
zone{{ dash }}-{{ zone }}{{ '.include' if settings.get('auto') else '' }}:
  file.managed:
    - name: /var/named/{{ file }}
    - context:
      zone: zone{{ dash }}-{{ zone }}
      flags: {{ {'zsk': 256} }}
    - map: {{ settings }}
{% endfor %}
{%- endfor %}
