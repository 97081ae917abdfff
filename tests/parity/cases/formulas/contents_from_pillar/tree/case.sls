{%- for name, key in salt['pillar.get']('certs', {}).items() %}
cert-{{ name }}:
  file.managed:
    - name: /etc/ssl/{{ name }}
    {%- if key is string %}
    - contents_pillar: certs:{{ name }}
    {%- else %}
    - contents: |
        {{ key.text | indent(8) }}
    - mode: {{ key.mode | default('0600') }}
    {%- endif %}
    - check: {{ salt['pillar.get']('certs:' + name) | length }}
{%- endfor %}
