{%- set sites = {'main': {'enabled': True}, 'off': {'enabled': False, 'name': 'gone'}, 'old': {'enabled': None}, 'dead': {'enabled': False, 'deleted': True}} %}
{%- set made = [] %}
{% macro join(file, root) -%}
  {{ root ~ '/' ~ file }}
{%- endmacro %}
{% macro disabled(site) -%}
  {{ sites.get(site).get('name', site ~ '.off') }}
{%- endmacro %}
{% macro path(site, state) -%}
  {%- if state == True -%}
    {{ join(site, '/etc/on') }}
  {%- elif state == False -%}
    {{ join(disabled(site), '/etc/avail') }}
  {%- else -%}
    {{ join(site, '/etc/avail') }}
  {%- endif -%}
{%- endmacro %}
{% macro status(site, state) -%}
  {%- set anti = {True: False, False: True}.get(state) -%}
  {% if state == True %}
  file.symlink:
    - name: {{ path(site, state) }}
    - target: {{ path(site, anti) }}
  {%- elif state == False %}
  file.absent:
    - name: {{ path(site, anti) }}
  {%- endif -%}
{%- endmacro %}
{% for site, settings in sites.items() if settings.enabled != None %}
site-{{ loop.index0 }}-{{ site }}:
{{ status(site, settings.enabled) }}
{%- do made.append(site) %}
{% endfor %}
made:
  test.nop:
    - made: {{ made | json }}
    - require:
      {%- for site in made %}
      - file: site-{{ loop.index0 }}-{{ site }}
      {%- endfor %}
