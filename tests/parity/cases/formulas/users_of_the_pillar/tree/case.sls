{%- set used = [] %}
{%- for name, user in pillar.get('users', {}).items()
        if user.absent is not defined or not user.absent %}
{%- if user == None -%}
{%- set user = {} -%}
{%- endif -%}
{%- if 'admin' in user and user['admin'] %}
{%- do used.append(name) %}
{%- endif %}
{%- set home = user.get('home', "/home/%s" % name) -%}
{%- if 'group' in user and 'name' in user['group'] %}
{%- set group = user.group.name -%}
{%- else -%}
{%- set group = name -%}
{%- endif %}
user-{{ name }}:
  group.present:
    - name: {{ group }}
    {%- if 'group' in user and 'gid' in user['group'] %}
    - gid: {{ user['group']['gid'] }}
    {%- elif 'uid' in user %}
    - gid: {{ user['uid'] }}
    {%- endif %}
  user.present:
    - name: {{ name }}
    - home: {{ home }}
    - shell: {{ user.get('shell', salt.user.info(name).get('shell', '/bin/sh')) }}
    {% if 'expire' in user -%}
        {% if grains['kernel'].endswith('BSD') and
            user['expire'] < 157766400 %}
    - expire: {{ user['expire'] * 86400 }}
        {% elif grains['kernel'] == 'Linux' and
            user['expire'] > 84006 %}
    - expire: {{ (user['expire'] / 86400) | int }}
        {% else %}
    - expire: {{ user['expire'] }}
        {% endif %}
    {% endif -%}
    - remove_groups: {{ user.get('remove_groups', 'False') }}
    - groups:
      - {{ group }}
      {% for other in user.get('groups', []) -%}
      - {{ other }}
      {% endfor %}
    - require:
      - group: {{ group }}
{%- for rule in user.get('rules', []) %}
rule-{{ name }}-{{ loop.index0 }}:
  file.managed:
    - name: /etc/sudoers.d/{{ name | replace('.', '_') }}
    - contents: |
        {{ name }} {{ rule }}
{%- endfor %}
{% endfor %}
{%- for name, user in pillar.get('users', {}).items()
        if user.absent is defined and user.absent %}
gone-{{ name }}:
  user.absent:
    - name: {{ name }}
    {% if 'purge' in user %}
    - purge: {{ user['purge'] }}
    {% endif %}
{%- endfor %}
admins:
  test.nop:
    - admins: {{ used }}
