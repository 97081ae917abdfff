{%- for name, c in {'web': {'image': 'nginx:1.25', 'ports': ['80', '127.0.0.1:8080:80', '443:443', {'53/udp': 53}], 'volumes': ['/a:/b:ro', '/c'], 'restart': 'on-failure:3', 'links': ['db:database']}, 'db': {'image': 'postgres'}}.items() %}
{%- set id = c.container_name | d(name) %}
{%- set needs = [] %}
{{ id }}-running:
  docker_container.running:
    - name: {{ id }}
    - image: {{ c.image if ':' in c.image else c.image ~ ':latest' }}
    - privileged: {{ c.privileged | default(False) }}
    {%- if 'ports' in c and c.ports is iterable %}
    - port_bindings:
      {%- for port in c.ports %}
      {%- if port is string %}
        {%- set mapping = port.split(':', 2) %}
        {%- if mapping | length < 2 %}
      - "{{ mapping[0] }}"
        {%- elif mapping | length > 2 %}
      - "{{ mapping[0] }}:{{ mapping[1] }}:{{ mapping[-1] }}"
        {%- else %}
      - "{{ mapping[0] }}:{{ mapping[-1] }}"
        {%- endif %}
      {%- elif port is mapping %}
      - {{ port }}
      {%- endif %}
      {%- endfor %}
    {%- endif %}
    {%- for bind in c.volumes | d([]) %}
    - bind{{ loop.index }}: {{ bind.rsplit(':', 1) }}
    {%- endfor %}
    {%- if 'links' in c %}
    - links:
      {%- for link in c.links %}
      {%- set other, alias = link.split(':', 1) %}
      {%- do needs.append(other) %}
        {{ other }}: {{ alias }}
      {%- endfor %}
    {%- endif %}
    {%- set policy = (c.restart | d('no')).split(':', 1) %}
    - restart_policy: {{ policy[0] }}{{ ':' ~ policy[1] if policy | length > 1 else '' }}
    - needs: {{ needs | unique | list | json }}
{%- endfor %}
